//! Loose objects, written durably.

use std::{
    fs, io,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use gix::{
    objs::Kind,
    zlib::{Compression, stream::deflate},
};
use tempfile::NamedTempFile;

use super::{
    Object,
    durable::{self, Durable, Unsynced},
    present::{Present, loose_path},
};
use crate::{
    error::{Error, Result},
    model::Oid,
};

/// An object of so many bytes with its header takes one block of a file system, compressed or not. To prepare a compressor
/// takes longer than all else that is done for it.
const SMALL: usize = 4000;

/// How loose objects are written, and where.
pub(super) struct Loose {
    pub(super) dir: PathBuf,
    pub(super) level: Compression,
    pub(super) shared: i32,
    pub(super) durable: Durable,
}

impl Loose {
    /// Writes them all: contents and names are durable when it returns, and so is `also`.
    pub(super) fn write_all(&self, objects: &[Object<'_>], also: Option<&Unsynced>) -> Result<()> {
        self.try_write_all(objects, also).map_err(|error| durable::storage_error(&self.dir, error))
    }

    fn try_write_all(&self, objects: &[Object<'_>], also: Option<&Unsynced>) -> io::Result<()> {
        let mut files = Vec::with_capacity(objects.len());
        for object in objects {
            let header = gix::objs::encode::loose_header(object.kind, object.data.len() as u64);
            let file = if header.len() + object.data.len() <= SMALL {
                let mut file = self.create_plain()?;
                file.write_all(&stored(&header, object.data))?;
                file
            } else {
                let mut out = self.create()?;
                out.write_all(&header)?;
                out.write_all(object.data)?;
                finish(out)?
            };
            files.push((file, loose_path(&self.dir, object.id)));
        }
        self.put(files, also)
    }

    /// The names are those of the objects, and those of the folders, which may be new.
    fn put(&self, files: Vec<(NamedTempFile, PathBuf)>, also: Option<&Unsynced>) -> io::Result<()> {
        durable::put_all(files, (also, self.durable), &self.dir, |file, path| self.place(file, path))
    }

    /// As `objects::write_stream`.
    pub(super) fn write_stream(&self, size: u64, reader: &mut dyn io::Read, mut present: Present<'_>) -> Result<Oid> {
        let storage = |error| durable::storage_error(&self.dir, error);
        let out = self.create().map_err(storage)?;
        let mut out = gix::hash::io::Write::new(out, present.hash_kind());
        out.write_all(&gix::objs::encode::loose_header(Kind::Blob, size)).map_err(storage)?;
        copy_exactly(size, reader, &mut out, &self.dir)?;
        let id = out
            .hash
            .try_finalize()
            .map_err(|error| Error::environment("cannot compute the name of an object").because(error))?;
        let file = finish(out.inner).map_err(storage)?;
        if present.is_durable(id) {
            return Ok(id);
        }
        self.put(vec![(file, loose_path(&self.dir, id))], None).map_err(storage)?;
        Ok(id)
    }

    fn create(&self) -> io::Result<deflate::Write<BufWriter<NamedTempFile>>> {
        Ok(deflate::Write::new(BufWriter::with_capacity(1 << 16, self.create_plain()?), self.level))
    }

    fn create_plain(&self) -> io::Result<NamedTempFile> {
        durable::temp_file(&self.dir, "tmp_obj_", 0o444)
    }

    fn place(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        let fan_out = path.parent().expect("a loose object's path ends with its fan-out folder and name");
        match fs::create_dir(fan_out) {
            Ok(()) => gix::fs::set_shared_repository_permissions(fan_out, self.shared)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        gix::fs::set_shared_repository_permissions(file.path(), self.shared)?;
        match file.persist(path) {
            Err(_taken) if fs::metadata(path).is_ok_and(|meta| meta.len() > 0) => Ok(()),
            Err(error) => Err(error.error),
            Ok(_file) => Ok(()),
        }
    }
}

/// An object in the form of zlib, as one block that is stored and not compressed (RFC 1950, RFC 1951).
fn stored(header: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len() + data.len()).expect("only what is small is stored");
    let mut bytes = Vec::with_capacity(usize::from(length) + 11);
    // Deflate with the usual window, by the fastest way; then the last block, which is a stored one.
    bytes.extend_from_slice(&[0x78, 0x01, 0x01]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&(!length).to_le_bytes());
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(&adler32(&[header, data]).to_be_bytes());
    bytes
}

/// The checksum of RFC 1950, of what is small: sums of 4,000 bytes do not overflow.
fn adler32(parts: &[&[u8]]) -> u32 {
    const BASE: u32 = 65_521;
    let bytes = parts.iter().copied().flatten();
    let (a, b) = bytes.fold((1_u32, 0_u32), |(a, b), byte| (a + u32::from(*byte), b + a + u32::from(*byte)));
    ((b % BASE) << 16) | (a % BASE)
}

fn finish(mut out: deflate::Write<BufWriter<NamedTempFile>>) -> io::Result<NamedTempFile> {
    out.flush()?;
    out.into_inner().into_inner().map_err(io::IntoInnerError::into_error)
}

/// Tells a failure to read the file apart from one to write the object: the first is about the user's file.
fn copy_exactly(size: u64, reader: &mut dyn io::Read, out: &mut dyn Write, dir: &Path) -> Result<()> {
    let mut buffer = vec![0; 1 << 16];
    let mut left = size;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::environment("cannot read a file while saving it").because(error)),
        };
        if read == 0 && left == 0 {
            return Ok(());
        }
        let read = read as u64;
        if read == 0 || read > left {
            return Err(Error::environment(format!("a file of {size} bytes changed its size while it was saved"))
                .hint("try again when the program that writes it is done"));
        }
        left -= read;
        let bytes = &buffer[..usize::try_from(read).expect("no more than the buffer holds")];
        out.write_all(bytes).map_err(|error| durable::storage_error(dir, error))?;
    }
}

#[cfg(test)]
mod tests {
    use gix::zlib::{FlushDecompress, Status};

    use super::*;

    #[test]
    fn what_is_stored_is_what_zlib_reads() {
        for size in [0, 1, 700, SMALL - 10] {
            let data: Vec<u8> = (0..size).map(|n| (n * 7 % 256) as u8).chain([255; 5]).collect();
            let (mut read, mut bytes) = (vec![0; data.len() + 64], stored(b"tag 5\0", &data));
            let mut inflate = gix::zlib::Decompress::new();
            let status = inflate.decompress(&bytes, &mut read, FlushDecompress::Finish).expect("it is zlib");
            assert_eq!((status, inflate.total_in()), (Status::StreamEnd, bytes.len() as u64));
            let written = usize::try_from(inflate.total_out()).expect("it is small");
            assert_eq!(read[..written], [b"tag 5\0", data.as_slice()].concat());
            *bytes.last_mut().expect("it has a checksum") ^= 1;
            let damaged = gix::zlib::Decompress::new().decompress(&bytes, &mut read, FlushDecompress::Finish);
            assert!(damaged.is_err(), "the checksum is looked at");
        }
        let worst = vec![255; SMALL];
        assert_eq!(adler32(&[&worst[..10], &worst[10..]]), 0xe68a_9142);
    }
}
