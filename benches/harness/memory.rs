//! The most memory that a process had, where the system tells it in `/proc`.

use std::{fs, process::Command, process::Stdio, thread::sleep, time::Duration};

/// Runs it to its end; the peak of its resident memory in MiB. It is asked for until the process ends: the peak only
/// grows, so what is missed is what came in the last millisecond.
pub(crate) fn peak(command: &mut Command) -> Result<f64, String> {
    let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = spawned.map_err(|error| error.to_string())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        let ended = child.try_wait().map_err(|error| error.to_string())?;
        peak = peak.max(fs::read_to_string(&status).ok().and_then(|text| high_water(&text)).unwrap_or(0.0));
        match ended {
            Some(code) if !code.success() => return Err(format!("it ended with {code}")),
            Some(_) if peak == 0.0 => return Err("this system does not tell the memory of a process".into()),
            Some(_) => return Ok(peak),
            None => sleep(Duration::from_millis(1)),
        }
    }
}

fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
