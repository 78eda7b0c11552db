//! The floor under the packet path: parse, one lookup in a table of 32-byte entries, one rewrite, and nothing else.

use std::hint::black_box;

/// What the hardware allows: a table of 32-byte entries, half full.
pub(crate) struct Floor {
    entries: Vec<[u32; 8]>,
    mask: usize,
}

impl Floor {
    /// A table of the flows of these packets.
    pub(crate) fn new(packets: impl ExactSizeIterator<Item = [u8; 64]>) -> Floor {
        let size = (packets.len() * 2).next_power_of_two();
        let mut floor = Floor { entries: vec![[0; 8]; size], mask: size - 1 };
        for packet in packets {
            let [src, dst, ports] = Floor::key(&packet);
            let mut at = floor.home(src, dst, ports);
            while floor.entries[at][0] != 0 {
                at = (at + 1) & floor.mask;
            }
            floor.entries[at] = [src, dst, ports, 6, src, dst.rotate_left(7), ports ^ 0x1010, 1];
        }
        floor
    }

    fn key(packet: &[u8; 64]) -> [u32; 3] {
        let word = |at: usize| u32::from_ne_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
        [word(12), word(16), word(20)]
    }

    fn home(&self, src: u32, dst: u32, ports: u32) -> usize {
        let x = (u64::from(src) | u64::from(dst) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ x >> 32 ^ u64::from(ports)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (x >> 32) as usize & self.mask
    }

    /// One packet.
    #[inline(always)]
    pub(crate) fn handle(&mut self, packet: &mut [u8; 64]) {
        if packet[0] != 0x45 || packet[9] != 6 {
            return;
        }
        let [src, dst, ports] = Floor::key(packet);
        self.finish(packet, [src, dst, ports], self.home(src, dst, ports));
    }

    /// Hash all, touch all, then work.
    pub(crate) fn handle_batch(&mut self, packets: &mut [[u8; 64]]) {
        let mut keys = [([0; 3], 0); 32];
        let mut touched = 0;
        for (packet, key) in packets.iter().zip(&mut keys) {
            if packet[0] == 0x45 && packet[9] == 6 {
                let [src, dst, ports] = Floor::key(packet);
                *key = ([src, dst, ports], self.home(src, dst, ports));
                touched ^= self.entries[key.1][3];
            }
        }
        black_box(touched);
        for (packet, (key, home)) in packets.iter_mut().zip(&keys) {
            self.finish(packet, *key, *home);
        }
    }

    #[inline(always)]
    fn finish(&mut self, packet: &mut [u8; 64], [src, dst, ports]: [u32; 3], mut at: usize) {
        let entry = loop {
            let entry = &self.entries[at];
            if entry[0] == src && entry[1] == dst && entry[2] == ports {
                break entry;
            }
            if entry[0] == 0 {
                return;
            }
            at = (at + 1) & self.mask;
        };
        let addresses = u64::from(!src) + u64::from(!dst) + u64::from(entry[4]) + u64::from(entry[5]);
        packet[12..16].copy_from_slice(&entry[4].to_ne_bytes());
        packet[16..20].copy_from_slice(&entry[5].to_ne_bytes());
        packet[20..24].copy_from_slice(&entry[6].to_ne_bytes());
        let mut mend = |at: usize, change: u64| {
            let sum = change + u64::from(!u16::from_ne_bytes([packet[at], packet[at + 1]]));
            let sum = (sum & 0xffff_ffff) + (sum >> 32);
            let sum = (sum & 0xffff) + (sum >> 16);
            let sum = (sum & 0xffff) + (sum >> 16);
            packet[at..at + 2].copy_from_slice(&(!(sum as u16)).to_ne_bytes());
        };
        mend(10, addresses);
        mend(36, addresses + u64::from(!ports) + u64::from(entry[6]));
    }
}
