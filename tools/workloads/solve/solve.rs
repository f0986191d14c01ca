// SPDX-License-Identifier: BSD-2-Clause

//! solve [WORDS [SEED]]: see solve.go

use std::collections::HashMap;
use std::process::ExitCode;

const CACHE_SIZE: usize = 500;
const DIFFERENT_WORDS: u64 = 5000;
const WORDS_PER_LINE: u64 = 12;
const MOST_PRINTED: usize = 10;

/// splitmix64
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e3779b97f4a7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
        (z ^ (z >> 31)) % n
    }
}

/// Syllables, as many as the number has digits to base 20
fn word(mut number: u64) -> String {
    let mut word = String::new();
    loop {
        word.push(b"bdklmnprst"[(number % 10) as usize].into());
        word.push(b"ao"[(number / 10 % 2) as usize].into());
        number /= 20;
        if number == 0 {
            return word;
        }
    }
}

/// Small numbers are more frequent, as in a text; some words begin with a capital letter, or end a sentence
fn make_text(words: u64, seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = String::new();
    for i in 0..words {
        let most = 1 + random.below(DIFFERENT_WORDS);
        let mut word = word(random.below(most));
        if random.below(8) == 0 {
            word[..1].make_ascii_uppercase();
        }
        text += &word;
        if random.below(10) == 0 {
            text.push('.');
        }
        text.push(if i % WORDS_PER_LINE == WORDS_PER_LINE - 1 {
            '\n'
        } else {
            ' '
        });
    }
    text
}

fn read_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

fn count_words(words: &[String]) -> Vec<(&str, usize)> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for word in words {
        *times.entry(word).or_default() += 1;
    }
    let mut counts: Vec<_> = times.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

struct Entry<'a> {
    key: &'a str,
    newer: usize,
    older: usize,
}

/// The keys that were used last: a ring of entries, of which the first one has no key. Next to it in one direction is
/// the newest, in the other the oldest.
struct Cache<'a> {
    entries: Vec<Entry<'a>>,
    places: HashMap<&'a str, usize>,
    hits: usize,
    misses: usize,
    evictions: usize,
}

impl<'a> Cache<'a> {
    fn new() -> Cache<'a> {
        let ring = Entry {
            key: "",
            newer: 0,
            older: 0,
        };
        Cache {
            entries: vec![ring],
            places: HashMap::new(),
            hits: 0,
            misses: 0,
            evictions: 0,
        }
    }

    fn remove(&mut self, place: usize) {
        let Entry { newer, older, .. } = self.entries[place];
        self.entries[newer].older = older;
        self.entries[older].newer = newer;
    }

    fn put_in_front(&mut self, place: usize) {
        let newest = self.entries[0].older;
        self.entries[place].newer = 0;
        self.entries[place].older = newest;
        self.entries[newest].newer = place;
        self.entries[0].older = place;
    }

    /// Where there is room for another one
    fn make_room(&mut self) -> usize {
        if self.entries.len() <= CACHE_SIZE {
            self.entries.push(Entry {
                key: "",
                newer: 0,
                older: 0,
            });
            return self.entries.len() - 1;
        }
        let oldest = self.entries[0].newer;
        self.evictions += 1;
        self.remove(oldest);
        self.places.remove(self.entries[oldest].key);
        oldest
    }

    fn look_up(&mut self, key: &'a str) {
        let place = match self.places.get(key) {
            Some(&place) => {
                self.hits += 1;
                self.remove(place);
                place
            }
            None => {
                self.misses += 1;
                let place = self.make_room();
                self.entries[place].key = key;
                self.places.insert(key, place);
                place
            }
        };
        self.put_in_front(place);
    }
}

fn arguments(args: impl Iterator<Item = String>) -> Result<[u64; 2], String> {
    let mut numbers = [100000, 1];
    for (i, arg) in args.enumerate() {
        let number = numbers.get_mut(i).ok_or("usage: solve [WORDS [SEED]]")?;
        *number = match arg.parse::<u32>() {
            Ok(n) => n.into(),
            Err(_) => {
                return Err(format!(
                    "solve: {arg}: a whole number up to 4294967295 is wanted"
                ))
            }
        };
    }
    Ok(numbers)
}

fn main() -> ExitCode {
    let [words, seed] = match arguments(std::env::args().skip(1)) {
        Ok(numbers) => numbers,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let text = make_text(words, seed);
    let words = read_words(&text);
    let counts = count_words(&words);
    println!("{} words, {} different", words.len(), counts.len());
    for (word, times) in counts.iter().take(MOST_PRINTED) {
        println!("{times:8} {word}");
    }
    let mut cache = Cache::new();
    words.iter().for_each(|word| cache.look_up(word));
    let Cache {
        hits,
        misses,
        evictions,
        ..
    } = cache;
    println!("cache of {CACHE_SIZE}: {hits} hits, {misses} misses, {evictions} evictions");
    ExitCode::SUCCESS
}
