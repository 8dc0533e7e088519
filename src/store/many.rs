//! Many records at once, on several threads.

use gix::bstr::BString;

use super::{
    Store, codec,
    messages::{Fresh, Messages, Place},
    names::{RECORDS, id_of},
    records::{check, find_tag, missing},
};
use crate::{
    error::{Error, Result},
    git::{cache_packs, refs},
    model::{Oid, Record, RecordId},
};

/// Below so many records a second thread costs more than it saves, and so does looking up what was read before.
const PARALLEL: usize = 64;

/// A file of what was read before is read on a thread of its own from so many bytes on.
const WORTH_A_THREAD: u64 = 64 << 10;

/// A record by name, and the object that it is where that was seen along with the name.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its name.
    pub id: RecordId,
    object: Option<Oid>,
}

/// What one thread has read, as it is wanted.
type Part<T> = (Vec<T>, Fresh);

impl Store<'_> {
    /// The ids of all records, oldest first; reads names only. Refs that are not named by an id are not records.
    pub fn ids(&self) -> Result<Vec<RecordId>> {
        Ok(self.named()?.into_iter().map(|named| named.id).collect())
    }

    /// As [`Store::ids`], and what was read of the records before: for [`Store::read_to_show`], of `most` at most.
    pub fn named_to_show(&self, most: Option<usize>) -> Result<(Vec<Named>, Messages)> {
        let place = Place::of(self.repo);
        if most.is_some_and(|most| most < PARALLEL) {
            return Ok((self.named()?, place.blank()));
        }
        if place.size().is_none_or(|size| size < WORTH_A_THREAD) {
            return Ok((self.named()?, place.load()));
        }
        std::thread::scope(|scope| {
            let messages = scope.spawn(|| place.load());
            let named = self.named()?;
            let messages = messages.join().map_err(|_| Error::bug("the thread that reads messages panicked"))?;
            Ok((named, messages))
        })
    }

    fn named(&self) -> Result<Vec<Named>> {
        let named = |(name, object): (BString, _)| Some(Named { id: id_of(name.as_ref(), RECORDS)?, object });
        // Ids order as their text does, and so are the names.
        Ok(refs::known(self.repo, RECORDS)?.into_iter().filter_map(named).collect())
    }

    /// Reads many, in the given order; those that cannot be read come as errors.
    pub fn read_all(&self, ids: &[RecordId]) -> Result<Vec<Result<Record>>> {
        let named: Vec<_> = ids.iter().map(|id| Named { id: id.clone(), object: None }).collect();
        Ok(self.read_many(&named, None, |record| record)?.0)
    }

    /// As [`Store::read_all`], for people to look at: of an object that was read before it is only seen that it is there. What
    /// `show` makes of each is kept, and nothing else of ten thousand records.
    pub fn read_to_show<T: Send>(
        &self,
        named: &[Named],
        messages: &Messages,
        show: impl Fn(Result<Record>) -> T + Sync,
    ) -> Result<Vec<T>> {
        let (shown, fresh) = self.read_many(named, Some(messages), show)?;
        messages.keep(&fresh, named.len());
        Ok(shown)
    }

    fn read_many<T: Send>(
        &self,
        named: &[Named],
        known: Option<&Messages>,
        show: impl Fn(Result<Record>) -> T + Sync,
    ) -> Result<(Vec<T>, Vec<Fresh>)> {
        if named.len() < PARALLEL {
            return Ok((named.iter().map(|one| show(self.read(&one.id))).collect(), Vec::new()));
        }
        let is_known = named.iter().all(|one| one.object.is_some());
        let listed = if is_known { Vec::new() } else { refs::list(self.repo, RECORDS)? };
        let object = |one: &Named| {
            let find = |(name, _): &(BString, _)| name[RECORDS.len()..].cmp(one.id.as_str().as_bytes());
            one.object.or_else(|| Some(listed[listed.binary_search_by(find).ok()?].1))
        };
        let shared = self.repo.gix().clone().into_sync();
        let read_part = |part: &[Named]| -> Part<T> {
            let (mut repo, mut buffer, mut fresh) = (shared.to_thread_local(), Vec::new(), Fresh::default());
            cache_packs(&mut repo);
            let read = |one: &Named| {
                let object = object(one).ok_or_else(|| missing(&one.id))?;
                if let Some(record) = known.and_then(|known| known.find(object)).and_then(|(target, message)| {
                    let record = codec::decode(target, message).ok().flatten();
                    record.filter(|record| record.id == one.id && repo.has_object(object))
                }) {
                    return Ok(record);
                }
                let found = find_tag(&repo, object, &mut buffer).and_then(|tag| {
                    let Some((target, message)) = tag else { return Ok(None) };
                    fresh.add(object, target, message);
                    codec::decode(target, message)
                });
                check(&one.id, object, found)
            };
            // Room for all, so that the first part can take in the others where it is.
            let mut shown = Vec::with_capacity(if part.as_ptr() == named.as_ptr() { named.len() } else { part.len() });
            shown.extend(part.iter().map(read).map(&show));
            (shown, fresh)
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().clamp(2, 8));
        std::thread::scope(|scope| {
            let parts = named.chunks(named.len().div_ceil(threads));
            let parts: Vec<_> = parts.map(|part| scope.spawn(|| read_part(part))).collect();
            let (mut shown, mut fresh) = (Vec::new(), Vec::new());
            for part in parts {
                let part = part.join().map_err(|_| Error::bug("a thread that reads records panicked"))?;
                if shown.is_empty() {
                    shown = part.0;
                } else {
                    shown.extend(part.0);
                }
                fresh.push(part.1);
            }
            Ok((shown, fresh))
        })
    }
}
