//! The names of kube-proxy's chains: a hash, because names of chains are short.

use alloc::string::String;

/// The first `length` characters of the base32 of SHA-256 over `parts`.
///
/// kubernetes pkg/proxy/iptables/proxier.go, `portProtoHash`; pkg/proxy/nftables/proxier.go, `hashAndTruncate`.
pub(super) fn hash(parts: &[&str], length: usize) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text: String = parts.concat();
    let digest = sha256(text.as_bytes());
    let bit = |i: usize| digest[i / 8] >> (7 - i % 8) & 1;
    (0..length).map(|n| char::from(DIGITS[usize::from((0..5).fold(0, |v, i| v << 1 | bit(5 * n + i)))])).collect()
}

/// SHA-256 (FIPS 180-4). Its constants are the fractions of roots of primes, computed here rather than listed.
fn sha256(message: &[u8]) -> [u8; 32] {
    let primes: alloc::vec::Vec<u64> = (2..312).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    let mut state: [u32; 8] = core::array::from_fn(|i| fraction_of_root(primes[i], 2));
    let constants: [u32; 64] = core::array::from_fn(|i| fraction_of_root(primes[i], 3));
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len();
    padded[end - 8..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut w = [0_u32; 64];
        for (word, bytes) in w.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for i in 16..64 {
            let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ w[i - 15] >> 3;
            let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for i in 0..64 {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let t1 = h.wrapping_add(s1).wrapping_add(e & f ^ !e & g).wrapping_add(constants[i]).wrapping_add(w[i]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *old = old.wrapping_add(new);
        }
    }
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// The first 32 bits of the fraction of the `degree`th root of `n`.
fn fraction_of_root(n: u64, degree: u32) -> u32 {
    let scaled = u128::from(n) << (32 * degree);
    let (mut low, mut high) = (0_u128, 1 << 40);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle.pow(degree) <= scaled { low = middle } else { high = middle }
    }
    low as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc_is_the_example_of_the_standard() {
        assert_eq!(sha256(b"abc")[..8], [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
        assert_eq!(sha256(&[b'a'; 64])[..4], [0xff, 0xe0, 0x54, 0xfe]);
    }

    #[test]
    fn chains_have_the_names_that_kube_proxy_gives_them() {
        // Every cluster has this chain.
        assert_eq!(hash(&["default/kubernetes:https", "tcp"], 16), "NPX46M4PTMTKRN6Y");
    }
}
