//! Vectors that clones share until one of them is written to.

use alloc::{rc::Rc, vec::Vec};
use core::{fmt, ops::Deref};

/// A vector whose clone costs nothing: whoever writes to one of several copies gets its own first.
///
/// Most writes of an object change one branch of its tree; the rest is the same tree as before, and is known to be equal
/// without a look into it.
pub struct Shared<T>(Option<Rc<Vec<T>>>);

impl<T> Shared<T> {
    /// No items, and no memory.
    pub const EMPTY: Shared<T> = Shared(None);
}

impl<T: Clone> Shared<T> {
    /// The items, to write to; they are copied first if a clone shares them.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        Rc::make_mut(self.0.get_or_insert_default())
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |items| items)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(self.0.clone())
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared::EMPTY
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Shared<T>) -> bool {
        let is_same = matches!((&self.0, &other.0), (Some(a), Some(b)) if Rc::ptr_eq(a, b));
        is_same || **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Shared<T> {
        Shared((!items.is_empty()).then(|| Rc::new(items)))
    }
}

impl<T> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Shared<T> {
        Shared::from(items.into_iter().collect::<Vec<T>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_to_a_clone_leaves_the_other_as_it_was() {
        let before = Shared::from(Vec::from([1, 2]));
        let mut after = before.clone();
        assert!(core::ptr::eq(&*before, &*after));
        after.to_mut().push(3);
        assert_eq!((&*before, &*after), (&[1, 2][..], &[1, 2, 3][..]));
        assert_eq!(Shared::<u8>::EMPTY, Shared::from(Vec::new()));
    }
}
