//! Session affinity: which endpoint a client was given last, and until when that binds.
//!
//! One table for each service port, as kube-proxy keeps one list for each of its endpoints (`-m recent`). The
//! client is whoever this node sees as the source. Each new connection restarts the time; packets do not.

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
    by_client: HashTable<u32>,
    oldest: u32,
    youngest: u32,
}

/// What is remembered of one client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<A> {
    pub(crate) client: A,
    pub(crate) address: A,
    pub(crate) port: u16,
    /// The life of the endpoint that was chosen.
    pub(crate) life: u32,
    pub(crate) since: Instant,
    older: u32,
    younger: u32,
}

const NONE: u32 = u32::MAX;

impl<A: Address> Affinity<A> {
    pub(crate) fn new(timeout: Duration) -> Affinity<A> {
        Affinity { timeout, records: Vec::new(), by_client: HashTable::new(), oldest: NONE, youngest: NONE }
    }

    /// What binds the client at `now`.
    pub(crate) fn find(&self, secret: &Secret, client: A, now: Instant) -> Option<&Record<A>> {
        let index = *self.by_client.find(secret.address(client), |&i| self.records[i as usize].client == client)?;
        let record = &self.records[index as usize];
        (now < record.since + self.timeout).then_some(record)
    }

    /// Binds the client from `now` on. When `limit` clients are remembered the one longest unheard of is forgotten.
    pub(crate) fn bind(&mut self, secret: &Secret, now: Instant, bound: (A, A, u16, u32), limit: usize) {
        let (client, address, port, life) = bound;
        let hash = secret.address(client);
        let known = self.by_client.find(hash, |&i| self.records[i as usize].client == client).copied();
        let record = Record { client, address, port, life, since: now, older: NONE, younger: NONE };
        let index = match known {
            Some(index) => {
                self.unlink(index);
                index
            }
            None if self.oldest != NONE
                && (self.records.len() >= limit.max(1)
                    || now >= self.records[self.oldest as usize].since + self.timeout) =>
            {
                let index = self.oldest;
                self.unlink(index);
                let old = secret.address(self.records[index as usize].client);
                if let Ok(entry) = self.by_client.find_entry(old, |&i| i == index) {
                    entry.remove();
                }
                self.enter(secret, hash, index);
                index
            }
            None => {
                let index = self.records.len() as u32;
                self.records.push(record);
                self.enter(secret, hash, index);
                index
            }
        };
        self.records[index as usize] = record;
        self.link_youngest(index);
    }

    fn enter(&mut self, secret: &Secret, hash: u64, index: u32) {
        let records = &self.records;
        self.by_client.insert_unique(hash, index, |&i| secret.address(records[i as usize].client));
    }

    /// What binds at `now`, from the client longest unheard of to the latest.
    pub(crate) fn records(&self, now: Instant) -> impl Iterator<Item = &Record<A>> {
        let mut next = self.oldest;
        core::iter::from_fn(move || {
            let record = self.records.get(next as usize)?;
            next = record.younger;
            Some(record)
        })
        .filter(move |record| now < record.since + self.timeout)
    }

    fn unlink(&mut self, index: u32) {
        let Record { older, younger, .. } = self.records[index as usize];
        match older {
            NONE => self.oldest = younger,
            older => self.records[older as usize].younger = younger,
        }
        match younger {
            NONE => self.youngest = older,
            younger => self.records[younger as usize].older = older,
        }
    }

    fn link_youngest(&mut self, index: u32) {
        let record = &mut self.records[index as usize];
        (record.older, record.younger) = (self.youngest, NONE);
        match self.youngest {
            NONE => self.oldest = index,
            youngest => self.records[youngest as usize].younger = index,
        }
        self.youngest = index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_secs(seconds)
    }

    #[test]
    fn a_client_is_bound_until_its_time_is_over_and_each_connection_restarts_it() {
        let secret = Secret::new(&mut crate::rng::Rng::new(1));
        let mut affinity = Affinity::<u32>::new(Duration::from_secs(10));
        affinity.bind(&secret, at(0), (1, 7, 80, 0), 9);
        assert!(affinity.find(&secret, 1, at(9)).is_some());
        assert!(affinity.find(&secret, 1, at(10)).is_none());
        affinity.bind(&secret, at(9), (1, 7, 80, 0), 9);
        assert!(affinity.find(&secret, 1, at(18)).is_some());
        assert!(affinity.find(&secret, 2, at(18)).is_none());
    }

    #[test]
    fn the_client_longest_unheard_of_makes_room() {
        let secret = Secret::new(&mut crate::rng::Rng::new(1));
        let mut affinity = Affinity::<u32>::new(Duration::from_secs(100));
        for client in 0..5 {
            affinity.bind(&secret, at(client), (client as u32, 7, 80, 0), 5);
        }
        affinity.bind(&secret, at(5), (0, 7, 80, 0), 5);
        affinity.bind(&secret, at(6), (9, 7, 80, 0), 5);
        let clients: Vec<u32> = affinity.records(at(7)).map(|r| r.client).collect();
        assert_eq!(clients, [2, 3, 4, 0, 9]);
        assert!(affinity.find(&secret, 1, at(7)).is_none());
    }
}
