use super::{order::RUN, *};
use crate::rng::Rng;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

/// The same calls on a B-tree give the same answers.
#[test]
fn it_does_what_a_b_tree_does() {
    let mut rng = Rng::new(7);
    let (mut map, mut model) = (OrdMap::new(), BTreeMap::new());
    for step in 0..20_000_u32 {
        let key = rng.below(1500);
        match rng.below(8) {
            0..=3 => assert_eq!(map.insert(key, step), model.insert(key, step)),
            4..=5 => assert_eq!(map.remove(&key), model.remove(&key)),
            6 => {
                let (own, expected) = (map.entry(key).or_insert(step), model.entry(key).or_insert(step));
                assert_eq!(own, expected);
            }
            _ => assert_eq!(map.get(&key), model.get(&key)),
        }
        assert_eq!(map.len(), model.len());
        if step % 97 == 0 {
            let end = key + rng.below(200);
            assert!(map.range(key..end).eq(model.range(key..end)));
            assert!(map.range(key..=end).rev().eq(model.range(key..=end).rev()));
            assert!(map.iter().eq(model.iter()) && map.iter().rev().eq(model.iter().rev()));
            assert_eq!(map.iter().len(), model.len());
            assert_eq!(map.range(key..).count(), model.range(key..).count());
            assert_eq!(
                (map.first_key_value(), map.last_key_value()),
                (model.first_key_value(), model.last_key_value())
            );
        }
        if step % 4999 == 0 {
            map.retain(|key, _| key % 3 != 0);
            model.retain(|key, _| key % 3 != 0);
            assert_eq!((map.pop_first(), map.pop_last()), (model.pop_first(), model.pop_last()));
        }
        assert!(map.order.runs.iter().all(|run| !run.is_empty() && run.len() <= RUN));
    }
    assert!(map.into_iter().eq(model));
}

#[test]
fn what_grows_at_its_end_leaves_full_runs() {
    let map: OrdMap<u32, ()> = (0..1000).map(|key| (key, ())).collect();
    assert_eq!(map.order.runs.len(), 1000_usize.div_ceil(RUN));
}

#[test]
fn both_ends_of_an_iterator_meet() {
    let map: OrdMap<u32, u32> = (0..200).map(|key| (key, key)).collect();
    let mut iter = map.iter();
    let (mut front, mut back) = (0, 200);
    while let Some((key, _)) = iter.next() {
        assert_eq!(*key, front);
        front += 1;
        if let Some((key, _)) = iter.next_back() {
            back -= 1;
            assert_eq!(*key, back);
        }
    }
    assert_eq!((front, back), (100, 100));
}

#[test]
fn what_is_looked_for_by_its_hash_is_found_after_any_change() {
    let mut map: QuickMap<String, u32> = QuickMap::default();
    assert_eq!(map.get("0"), None);
    for round in 0..3_u32 {
        for n in (round..500).step_by(3) {
            map.insert::<str>(n.to_string(), n + round);
        }
        for n in (0..500_u32).step_by(7) {
            map.remove_entry(n.to_string().as_str());
        }
        for n in 0..500_u32 {
            let is_there = n % 7 != 0 && n % 3 <= round;
            assert_eq!(map.get(n.to_string().as_str()), is_there.then_some(&(n + n % 3)), "{n} in round {round}");
        }
    }
    *map.get_mut("1").unwrap() = 9;
    map.insert::<str>("2".to_string(), 8);
    let first: Vec<_> = map.ordered().iter().take(3).map(|(key, value)| (key.as_str(), *value)).collect();
    assert_eq!(first, [("1", 9), ("10", 11), ("100", 101)]);
}
