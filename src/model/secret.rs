//! Names of files that mostly hold secrets.
//!
//! By name alone: what is in a file cannot be known, and a name that looks like one is reason enough to ask.

use gix::bstr::{BStr, ByteSlice};

/// Whole names.
const NAMES: [&str; 27] = [
    ".dockercfg",
    ".docker/config.json",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".s3cfg",
    ".vault-token",
    ".yarnrc.yml",
    "_netrc",
    "auth.json",
    "credentials",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    "id_rsa",
    "kubeconfig",
    "master.key",
    "secring.gpg",
    "service-account.json",
    "terraform.tfstate",
    "wp-config.php",
];

/// Endings.
const ENDINGS: [&str; 17] = [
    ".agekey",
    ".asc",
    ".gpg",
    ".jks",
    ".kdb",
    ".kdbx",
    ".key",
    ".keystore",
    ".keytab",
    ".ovpn",
    ".p12",
    ".p8",
    ".pem",
    ".pfx",
    ".pkcs12",
    ".ppk",
    ".tfvars",
];

/// What a name without its ending may be, or have as a word of its own.
const WORDS: [&str; 8] = ["credential", "credentials", "passwd", "password", "passwords", "secret", "secrets", "token"];

/// Endings of files that only describe: an example has no secret, and source code has it by mistake at most.
const HARMLESS: [&str; 6] = [".example", ".sample", ".template", ".dist", ".pub", ".md"];

/// Endings that a file with a telling word has, if it holds values and not code.
const VALUES: [&str; 11] = ["", "cfg", "conf", "csv", "env", "ini", "json", "toml", "txt", "xml", "yaml"];

/// Whether a file of this path mostly holds secrets.
pub fn looks_secret(path: &BStr) -> bool {
    let path = path.to_str_lossy().to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    if HARMLESS.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    let is_named = |known: &str| name == known || (known.contains('/') && path.ends_with(known));
    let is_env = name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || name == ".envrc";
    let in_folder = [".ssh/", ".aws/", ".gnupg/", ".kube/"]
        .iter()
        .any(|dir| path.starts_with(dir) || path.contains(&format!("/{dir}")));
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let has_word = stem.split(['-', '_', '.']).any(|word| WORDS.contains(&word));
    NAMES.iter().any(|known| is_named(known))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || is_env
        || in_folder
        || (has_word && (VALUES.contains(&ending) || ending == "yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_others() {
        for path in [
            ".env",
            ".env.local",
            "prod.env",
            "a/b/.ENV",
            ".envrc",
            "id_rsa",
            "home/.ssh/config",
            "server.pem",
            "tls.KEY",
            "release.keystore",
            ".npmrc",
            ".netrc",
            "aws/credentials",
            "credentials.json",
            "client_secret.json",
            "secrets.yml",
            "config/master.key",
            "x.p12",
            ".git-credentials",
            "api-token.txt",
            ".docker/config.json",
            "terraform.tfvars",
            "passwords.csv",
            "service-account.json",
        ] {
            assert!(looks_secret(path.into()), "{path}");
        }
        for path in [
            "README.md",
            ".env.example",
            "id_rsa.pub",
            "src/token.rs",
            "src/secrets.py",
            "environment.txt",
            "keyboard.txt",
            "monkey",
            "docs/credentials.md",
            "config.json",
            "tokenizer.json",
            "env",
            "pem.c",
        ] {
            assert!(!looks_secret(path.into()), "{path}");
        }
    }
}
