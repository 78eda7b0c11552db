//! Session affinity: which endpoints a client was given, and until when that binds.
//!
//! kube-proxy keeps a list of clients for each endpoint (`-m recent` in iptables mode, a set with timeouts in nftables
//! mode), so that a client may stand in several: the first endpoint in the order of the rules wins. In ipvs mode each
//! virtual address remembers one endpoint for a client (a persistence template). Both are lists of clients here, the
//! one by endpoint, the other by virtual address. The client is whoever this node sees as the source. Each new
//! connection restarts the time; packets do not.

use alloc::vec::Vec;

use hashbrown::HashTable;

use super::hash::Secret;
use crate::net::address::Address;
use crate::time::{Duration, Instant};

/// The memory of one service port.
#[derive(Debug)]
pub(crate) struct Affinity<A> {
    pub(crate) timeout: Duration,
    records: Vec<Record<A>>,
    /// Chains the records that nobody needs, by `older`.
    free: u32,
    by_client: HashTable<u32>,
    /// In order of what they belong to.
    lists: Vec<List<A>>,
}

/// Who was given an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<A> {
    pub(crate) client: A,
    /// What list it stands in: the endpoint, or in ipvs mode the virtual address.
    list: (A, u16),
    /// The endpoint.
    pub(crate) address: A,
    pub(crate) port: u16,
    /// The life of the endpoint when it was chosen.
    pub(crate) life: u32,
    pub(crate) since: Instant,
    older: u32,
    younger: u32,
}

/// The clients of one endpoint or virtual address.
#[derive(Debug)]
struct List<A> {
    of: (A, u16),
    count: u32,
    oldest: u32,
    youngest: u32,
}

const NONE: u32 = u32::MAX;

/// What makes room in a list that is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// The client longest unheard of.
    Oldest,
    /// Only a client whose time is over; without one the newcomer is not remembered (sets of nftables).
    Expired,
}

fn order<A: Address>(of: (A, u16)) -> (u128, u16) {
    (of.0.bits(), of.1)
}

impl<A: Address> Affinity<A> {
    pub(crate) fn new(timeout: Duration) -> Affinity<A> {
        Affinity { timeout, records: Vec::new(), free: NONE, by_client: HashTable::new(), lists: Vec::new() }
    }

    /// The least of what `place` says about the records that bind the client at `now`, in the list of `of` if that is given.
    pub(crate) fn find(
        &self,
        secret: &Secret,
        client: A,
        of: Option<(A, u16)>,
        now: Instant,
        place: impl Fn(&Record<A>) -> Option<usize>,
    ) -> Option<usize> {
        // In whatever order they come: the least place is one and the same.
        let known = self.by_client.iter_hash(secret.address(client)).map(|&index| &self.records[index as usize]);
        known
            .filter(|r| r.client == client && now < r.since + self.timeout && of.is_none_or(|of| of == r.list))
            .filter_map(place)
            .min()
    }

    /// Binds a client to an endpoint, address, port and life, from `now` on, in the list of `of`, which holds `limit` clients.
    pub(crate) fn bind(
        &mut self,
        secret: &Secret,
        now: Instant,
        client: A,
        of: (A, u16),
        endpoint: (A, u16, u32),
        (limit, room): (u32, Room),
    ) {
        let hash = secret.address(client);
        let is_it = |&i: &u32| self.records[i as usize].client == client && self.records[i as usize].list == of;
        let known = self.by_client.find(hash, is_it).copied();
        let place = match self.lists.binary_search_by_key(&order(of), |list| order(list.of)) {
            Ok(place) => place,
            Err(place) => {
                self.lists.insert(place, List { of, count: 0, oldest: NONE, youngest: NONE });
                place
            }
        };
        if let Some(index) = known {
            self.unlink(place, index);
        } else if let Some(oldest) = self.records.get(self.lists[place].oldest as usize) {
            let is_over = now >= oldest.since + self.timeout;
            if self.lists[place].count >= limit.max(1) && room == Room::Expired && !is_over {
                return;
            }
            if is_over || self.lists[place].count >= limit.max(1) {
                self.forget(secret, place, self.lists[place].oldest);
            }
        }
        let (address, port, life) = endpoint;
        let record = Record { client, list: of, address, port, life, since: now, older: NONE, younger: NONE };
        let index = match known {
            Some(index) => index,
            None => self.vacant(record),
        };
        self.records[index as usize] = record;
        if known.is_none() {
            let records = &self.records;
            self.by_client.insert_unique(hash, index, |&i| secret.address(records[i as usize].client));
        }
        self.link_youngest(place, index);
    }

    /// Forgets the lists of which `keep` does not want to hear: address, port, and the life in which clients were bound.
    pub(crate) fn retain(&mut self, secret: &Secret, keep: impl Fn(A, u16, u32) -> bool) {
        for place in (0..self.lists.len()).rev() {
            let List { of, youngest, .. } = self.lists[place];
            if self.records.get(youngest as usize).is_some_and(|record| keep(of.0, of.1, record.life)) {
                continue;
            }
            while self.lists[place].oldest != NONE {
                self.forget(secret, place, self.lists[place].oldest);
            }
            self.lists.remove(place);
        }
    }

    /// What binds at `now`, list by list, in each from the client longest unheard of to the latest.
    pub(crate) fn records(&self, now: Instant) -> Vec<&Record<A>> {
        let mut all = Vec::new();
        for list in &self.lists {
            let mut next = list.oldest;
            while let Some(record) = self.records.get(next as usize) {
                next = record.younger;
                if now < record.since + self.timeout {
                    all.push(record);
                }
            }
        }
        all
    }

    fn vacant(&mut self, record: Record<A>) -> u32 {
        match self.records.get(self.free as usize) {
            Some(place) => core::mem::replace(&mut self.free, place.older),
            None => {
                self.records.push(record);
                self.records.len() as u32 - 1
            }
        }
    }

    fn forget(&mut self, secret: &Secret, list: usize, index: u32) {
        self.unlink(list, index);
        let hash = secret.address(self.records[index as usize].client);
        if let Ok(entry) = self.by_client.find_entry(hash, |&i| i == index) {
            entry.remove();
        }
        self.records[index as usize].older = core::mem::replace(&mut self.free, index);
    }

    fn unlink(&mut self, list: usize, index: u32) {
        let Record { older, younger, .. } = self.records[index as usize];
        let list = &mut self.lists[list];
        list.count -= 1;
        match older {
            NONE => list.oldest = younger,
            older => self.records[older as usize].younger = younger,
        }
        match younger {
            NONE => list.youngest = older,
            younger => self.records[younger as usize].older = older,
        }
    }

    fn link_youngest(&mut self, list: usize, index: u32) {
        let list = &mut self.lists[list];
        list.count += 1;
        let youngest = core::mem::replace(&mut list.youngest, index);
        let record = &mut self.records[index as usize];
        (record.older, record.younger) = (youngest, NONE);
        match youngest {
            NONE => list.oldest = index,
            youngest => self.records[youngest as usize].younger = index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_secs(seconds)
    }

    struct Lab {
        secret: Secret,
        affinity: Affinity<u32>,
    }

    impl Lab {
        fn new(seconds: u64) -> Lab {
            let secret = Secret::new(&mut crate::rng::Rng::new(1));
            Lab { secret, affinity: Affinity::new(Duration::from_secs(seconds)) }
        }

        fn bind(&mut self, now: i64, client: u32, endpoint: u32, room: (u32, Room)) {
            self.affinity.bind(&self.secret, at(now), client, (endpoint, 80), (endpoint, 80, 0), room);
        }

        fn find(&self, now: i64, client: u32) -> Option<usize> {
            self.affinity.find(&self.secret, client, None, at(now), |record| Some(record.address as usize))
        }
    }

    const ROOM: (u32, Room) = (5, Room::Oldest);

    #[test]
    fn a_client_is_bound_until_its_time_is_over_and_each_connection_restarts_it() {
        let mut lab = Lab::new(10);
        lab.bind(0, 1, 7, ROOM);
        assert_eq!((lab.find(9, 1), lab.find(10, 1)), (Some(7), None));
        lab.bind(9, 1, 7, ROOM);
        assert_eq!((lab.find(18, 1), lab.find(18, 2)), (Some(7), None));
    }

    #[test]
    fn a_client_in_several_lists_goes_to_the_first_endpoint_and_each_list_has_its_own_time() {
        let mut lab = Lab::new(10);
        lab.bind(0, 1, 7, ROOM);
        lab.bind(5, 1, 9, ROOM);
        assert_eq!(lab.find(6, 1), Some(7));
        assert_eq!(lab.find(12, 1), Some(9));
        lab.affinity.retain(&lab.secret, |address, _, _| address != 9);
        assert_eq!((lab.find(6, 1), lab.find(12, 1)), (Some(7), None));
    }

    #[test]
    fn each_list_is_bounded_by_itself() {
        let mut lab = Lab::new(100);
        for client in 0..5 {
            lab.bind(i64::from(client), client, 7, ROOM);
        }
        lab.bind(5, 77, 8, ROOM);
        lab.bind(5, 0, 7, ROOM);
        lab.bind(6, 9, 7, ROOM);
        let clients: Vec<u32> = lab.affinity.records(at(7)).iter().map(|r| r.client).collect();
        assert_eq!(clients, [2, 3, 4, 0, 9, 77]);
        assert_eq!(lab.find(7, 1), None, "the client longest unheard of made room");
        let mut lab = Lab::new(100);
        for client in 0..9 {
            lab.bind(i64::from(client), client, 7, (5, Room::Expired));
        }
        assert_eq!((lab.find(9, 4), lab.find(9, 5)), (Some(7), None), "a full set takes nobody");
        lab.bind(100, 5, 7, (5, Room::Expired));
        assert_eq!(lab.find(101, 5), Some(7));
        assert_eq!(lab.affinity.records.len(), 5);
    }
}
