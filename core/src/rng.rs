//! Chance from one seed: the same seed and the same calls give the same numbers on every platform.

/// A small pseudo-random generator (xoshiro128++, 32-bit arithmetic only, so that wasm pays nothing extra).
///
/// ```
/// use clusterip::rng::Rng;
/// let mut a = Rng::new(1);
/// let mut b = Rng::new(1);
/// assert_eq!(a.next_u32(), b.next_u32());
/// assert_ne!(a.fork("Pod", "default", "x").next_u32(), a.fork("Pod", "default", "y").next_u32());
/// ```
#[derive(Debug, Clone)]
pub struct Rng {
    seed: u64,
    state: [u32; 4],
}

impl Rng {
    /// A generator whose whole stream is a function of `seed`.
    pub fn new(seed: u64) -> Rng {
        let mut x = seed;
        let mut next = || {
            // splitmix64, the seeding recommended by xoshiro's authors.
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let (a, b) = (next(), next());
        Rng { seed, state: [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32] }
    }

    /// A stream of its own for one object, so that adding another object never shifts this one's draws.
    ///
    /// It depends on this generator's seed, not on how often it was drawn from.
    pub fn fork(&self, kind: &str, namespace: &str, name: &str) -> Rng {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.seed;
        for part in [kind, namespace, name] {
            for &byte in part.as_bytes().iter().chain(&[0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Rng::new(hash)
    }

    /// Thirty-two random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(7).wrapping_add(s[0]);
        let t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(11);
        result
    }

    /// Sixty-four random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// A number below `bound`, without modulo bias (Lemire's multiply and reject); 0 for a bound of 0.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// True with a probability of `ppm` in a million.
    pub fn chance(&mut self, ppm: u32) -> bool {
        ppm > 0 && self.below(1_000_000) < ppm
    }
}
