// SPDX-License-Identifier: BSD-2-Clause

// solve [WORDS [SEED]]: the same small problem in Go, C++ and Rust, to compare how long each takes to compile
// (build-time). A text is made up, its words are counted and sorted, the ten most frequent ones printed; then the words
// are looked up in a cache that drops what has not been used for the longest time.
package main

import (
	"container/list"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

const (
	cacheSize      = 500
	differentWords = 5000
	wordsPerLine   = 12
	mostPrinted    = 10
)

// splitmix64
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n uint64) uint64 { return r.next() % n }

// Syllables, as many as the number has digits to base 20
func word(number uint64) string {
	const consonants, vowels = "bdklmnprst", "ao"
	var w strings.Builder
	for ok := true; ok; ok = number > 0 {
		w.WriteByte(consonants[number%10])
		w.WriteByte(vowels[number/10%2])
		number /= 20
	}
	return w.String()
}

// Small numbers are more frequent, as in a text; some words begin with a capital letter, or end a sentence
func makeText(words, seed uint64) string {
	r := random(seed)
	var text strings.Builder
	for i := uint64(0); i < words; i++ {
		w := word(r.below(1 + r.below(differentWords)))
		if r.below(8) == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		text.WriteString(w)
		if r.below(10) == 0 {
			text.WriteByte('.')
		}
		text.WriteByte(" \n"[b2i(i%wordsPerLine == wordsPerLine-1)])
	}
	return text.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isNoLetter(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }

func readWords(text string) []string {
	words := strings.FieldsFunc(text, isNoLetter)
	for i, w := range words {
		words[i] = strings.ToLower(w)
	}
	return words
}

type count struct {
	word  string
	times int
}

func countWords(words []string) []count {
	times := map[string]int{}
	for _, w := range words {
		times[w]++
	}
	counts := make([]count, 0, len(times))
	for w, n := range times {
		counts = append(counts, count{w, n})
	}
	sort.Slice(counts, func(i, k int) bool {
		if counts[i].times != counts[k].times {
			return counts[i].times > counts[k].times
		}
		return counts[i].word < counts[k].word
	})
	return counts
}

// The keys that were used last, the latest one in front
type cache struct {
	size                    int
	order                   *list.List
	entries                 map[string]*list.Element
	hits, misses, evictions int
}

func newCache(size int) *cache {
	return &cache{size: size, order: list.New(), entries: map[string]*list.Element{}}
}

func (c *cache) use(key string) {
	if e, ok := c.entries[key]; ok {
		c.hits++
		c.order.MoveToFront(e)
		return
	}
	c.misses++
	if c.order.Len() == c.size {
		c.evictions++
		delete(c.entries, c.order.Remove(c.order.Back()).(string))
	}
	c.entries[key] = c.order.PushFront(key)
}

func arguments(args []string) (numbers [2]uint64, err error) {
	numbers = [2]uint64{100000, 1}
	if len(args) > len(numbers) {
		return numbers, errors.New("usage: solve [WORDS [SEED]]")
	}
	for i, arg := range args {
		if numbers[i], err = strconv.ParseUint(arg, 10, 32); err != nil {
			return numbers, fmt.Errorf("solve: %s: a whole number up to 4294967295 is wanted", arg)
		}
	}
	return numbers, nil
}

func main() {
	numbers, err := arguments(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	words := readWords(makeText(numbers[0], numbers[1]))
	counts := countWords(words)
	fmt.Printf("%d words, %d different\n", len(words), len(counts))
	for i := 0; i < len(counts) && i < mostPrinted; i++ {
		fmt.Printf("%8d %s\n", counts[i].times, counts[i].word)
	}
	c := newCache(cacheSize)
	for _, w := range words {
		c.use(w)
	}
	fmt.Printf("cache of %d: %d hits, %d misses, %d evictions\n", c.size, c.hits, c.misses, c.evictions)
}
