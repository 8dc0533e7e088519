//! Many objects as one pack with its index, written durably.

use std::{
    io,
    io::{BufWriter, Write},
    path::PathBuf,
};

use gix::{
    hash::{Kind, io::Write as HashWrite},
    objs,
    zlib::{
        Compression, Status,
        stream::deflate::{Compress, FlushCompress},
    },
};
use gix_pack::data::{Version, entry::Header, header, input};
use tempfile::NamedTempFile;

use super::{
    Object,
    durable::{self, Durable, Unsynced},
};
use crate::{error::Result, git::threads, model::Oid};

/// Objects are compressed, several at once, and written out in groups of about so many bytes, which bounds the
/// memory that the compressed form takes.
const GROUP_BYTES: usize = 16 << 20;
/// Below so many bytes a second thread costs more than it saves.
const PARALLEL_BYTES: usize = 128 << 10;
/// Offsets from here on stand in the index's table of large ones.
const LARGE_OFFSET: u64 = 0x8000_0000;

/// How a pack is written, and where.
pub(super) struct Pack {
    pub(super) dir: PathBuf,
    pub(super) level: Compression,
    pub(super) shared: i32,
    pub(super) durable: Durable,
}

/// What the index says of an object.
struct Indexed {
    id: Oid,
    crc32: u32,
    offset: u64,
}

impl Pack {
    /// Writes the pack, then its index, without which the pack does not exist for git; durable when it returns, as `also` is.
    pub(super) fn write(&self, objects: &[Object<'_>], hash: Kind, also: Option<&Unsynced>) -> Result<()> {
        self.try_write(objects, hash, also).map_err(|error| durable::storage_error(&self.dir, error))
    }

    fn try_write(&self, objects: &[Object<'_>], hash: Kind, also: Option<&Unsynced>) -> io::Result<()> {
        durable::create_dirs(&self.dir, self.shared)?;
        let (pack, mut entries, checksum) = self.write_data(objects, hash)?;
        entries.sort_unstable_by_key(|entry| entry.id);
        let index = self.write_index(&entries, checksum, hash)?;
        let name = self.dir.join(format!("pack-{checksum}"));
        let files = vec![(pack, name.with_extension("pack")), (index, name.with_extension("idx"))];
        // The same pack is there already if these objects were written before and then lost from view.
        durable::put_all(files, (also, self.durable), &self.dir, |file, path| {
            file.persist(path).map(drop).map_err(|error| error.error)
        })
    }

    fn write_data(&self, objects: &[Object<'_>], hash: Kind) -> io::Result<(NamedTempFile, Vec<Indexed>, Oid)> {
        let mut out = self.create("tmp_pack_", hash)?;
        let count = u32::try_from(objects.len()).map_err(io::Error::other)?;
        out.write_all(&header::encode(Version::V2, count))?;
        let mut offset = header::SIZE as u64;
        let mut indexed = Vec::with_capacity(objects.len());
        for group in groups(objects) {
            for (object, mut entry) in group.iter().zip(self.compress(group)?) {
                entry.pack_offset = offset;
                entry.header.write_to(entry.decompressed_size, &mut out)?;
                out.write_all(entry.compressed.as_deref().unwrap_or_default())?;
                indexed.push(Indexed { id: object.id, crc32: entry.compute_crc32(), offset });
                offset += entry.bytes_in_pack();
            }
        }
        let (file, checksum) = self.finish(out)?;
        Ok((file, indexed, checksum))
    }

    /// Version 2 of the index format: fan-out, names, checksums of the entries, offsets, large offsets.
    fn write_index(&self, entries: &[Indexed], pack: Oid, hash: Kind) -> io::Result<NamedTempFile> {
        let mut out = self.create("tmp_idx_", hash)?;
        out.write_all(b"\xfftOc\x00\x00\x00\x02")?;
        let mut upto = 0_u32;
        for first in 0..=u8::MAX {
            let same = entries[upto as usize..].iter().take_while(|entry| entry.id.first_byte() == first).count();
            upto += u32::try_from(same).map_err(io::Error::other)?;
            out.write_all(&upto.to_be_bytes())?;
        }
        for entry in entries {
            out.write_all(entry.id.as_slice())?;
        }
        for entry in entries {
            out.write_all(&entry.crc32.to_be_bytes())?;
        }
        let mut large = Vec::new();
        for entry in entries {
            let short = match u32::try_from(entry.offset) {
                Ok(short) if entry.offset < LARGE_OFFSET => short,
                _ => {
                    large.push(entry.offset);
                    0x8000_0000 | u32::try_from(large.len() - 1).map_err(io::Error::other)?
                }
            };
            out.write_all(&short.to_be_bytes())?;
        }
        for offset in large {
            out.write_all(&offset.to_be_bytes())?;
        }
        out.write_all(pack.as_slice())?;
        Ok(self.finish(out)?.0)
    }

    fn create(&self, prefix: &str, hash: Kind) -> io::Result<HashWrite<BufWriter<NamedTempFile>>> {
        let file = durable::temp_file(&self.dir, prefix, 0o444)?;
        Ok(HashWrite::new(BufWriter::with_capacity(1 << 16, file), hash))
    }

    /// Ends a file with the checksum of what it has.
    fn finish(&self, out: HashWrite<BufWriter<NamedTempFile>>) -> io::Result<(NamedTempFile, Oid)> {
        let checksum = out.hash.try_finalize().map_err(io::Error::other)?;
        let mut inner = out.inner;
        inner.write_all(checksum.as_slice())?;
        let file = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        gix::fs::set_shared_repository_permissions(file.path(), self.shared)?;
        Ok((file, checksum))
    }

    fn compress(&self, objects: &[Object<'_>]) -> io::Result<Vec<input::Entry>> {
        let total: usize = objects.iter().map(|object| object.data.len()).sum();
        let threads = threads::up_to(if total < PARALLEL_BYTES { 1 } else { objects.len() });
        if threads == 1 {
            return deflate_all(objects, self.level);
        }
        std::thread::scope(|scope| {
            let parts: Vec<_> = split_evenly(objects, total / threads + 1)
                .into_iter()
                .map(|part| scope.spawn(|| deflate_all(part, self.level)))
                .collect();
            let mut entries = Vec::with_capacity(objects.len());
            for part in parts {
                entries.extend(part.join().expect("a thread that only compresses does not panic")?);
            }
            Ok(entries)
        })
    }
}

fn groups<'a, 'o>(objects: &'a [Object<'o>]) -> Vec<&'a [Object<'o>]> {
    split_evenly(objects, GROUP_BYTES)
}

/// Cuts after every object with which a part reaches `bytes`.
fn split_evenly<'a, 'o>(objects: &'a [Object<'o>], bytes: usize) -> Vec<&'a [Object<'o>]> {
    let mut size = 0;
    let full = |object: &Object<'_>| {
        size += object.data.len();
        let full = size >= bytes;
        if full {
            size = 0;
        }
        full
    };
    objects.split_inclusive(full).collect()
}

fn deflate_all(objects: &[Object<'_>], level: Compression) -> io::Result<Vec<input::Entry>> {
    let mut deflate = Compress::new(level);
    objects.iter().map(|object| entry(object, &mut deflate)).collect()
}

fn entry(object: &Object<'_>, deflate: &mut Compress) -> io::Result<input::Entry> {
    let header = match object.kind {
        objs::Kind::Commit => Header::Commit,
        objs::Kind::Tree => Header::Tree,
        objs::Kind::Blob => Header::Blob,
        objs::Kind::Tag => Header::Tag,
    };
    let size = object.data.len() as u64;
    let compressed = deflate_one(object.data, deflate)?;
    Ok(input::Entry {
        header_size: u16::try_from(header.size(size)).map_err(io::Error::other)?,
        header,
        pack_offset: 0,
        compressed_size: compressed.len() as u64,
        compressed: Some(compressed),
        crc32: None,
        decompressed_size: size,
        trailer: None,
    })
}

fn deflate_one(data: &[u8], deflate: &mut Compress) -> io::Result<Vec<u8>> {
    deflate.reset();
    // zlib never needs more than this for one shot, so the loop runs once but for oddities.
    let mut out = vec![0; data.len() + data.len() / 1000 + 64];
    loop {
        let read = usize::try_from(deflate.total_in()).map_err(io::Error::other)?;
        let written = usize::try_from(deflate.total_out()).map_err(io::Error::other)?;
        let status =
            deflate.compress(&data[read..], &mut out[written..], FlushCompress::Finish).map_err(io::Error::other)?;
        if status == Status::StreamEnd {
            out.truncate(usize::try_from(deflate.total_out()).map_err(io::Error::other)?);
            return Ok(out);
        }
        out.resize(out.len() * 2, 0);
    }
}
