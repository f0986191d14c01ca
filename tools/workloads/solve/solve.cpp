// SPDX-License-Identifier: BSD-2-Clause
// solve [WORDS [SEED]]: see solve.go
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

constexpr std::size_t cache_size = 500, most_printed = 10;
constexpr std::uint64_t different_words = 5000, words_per_line = 12;

// splitmix64
class random_numbers
{
      public:
	explicit random_numbers(std::uint64_t seed) : state(seed)
	{
	}

	std::uint64_t below(std::uint64_t n)
	{
		std::uint64_t z = state += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		return (z ^ z >> 31) % n;
	}

      private:
	std::uint64_t state;
};

// Syllables, as many as the number has digits to base 20
static std::string word(std::uint64_t number)
{
	std::string w;

	do {
		w += "bdklmnprst"[number % 10];
		w += "ao"[number / 10 % 2];
		number /= 20;
	} while (number > 0);
	return w;
}

// Small numbers are more frequent, as in a text; some words begin with a capital letter, or end a sentence
static std::string make_text(std::uint64_t words, std::uint64_t seed)
{
	random_numbers random(seed);
	std::string text;

	for (std::uint64_t i = 0; i < words; i++) {
		auto w = word(random.below(1 + random.below(different_words)));

		if (random.below(8) == 0)
			w[0] = std::toupper(static_cast<unsigned char>(w[0]));
		text += w;
		if (random.below(10) == 0)
			text += '.';
		text += i % words_per_line == words_per_line - 1 ? '\n' : ' ';
	}
	return text;
}

static std::vector<std::string> read_words(std::string_view text)
{
	auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
	std::vector<std::string> words;

	for (auto i = text.begin(); (i = std::find_if(i, text.end(), is_letter)) != text.end();) {
		auto end = std::find_if_not(i, text.end(), is_letter);
		auto &w = words.emplace_back(i, end);

		std::transform(w.begin(), w.end(), w.begin(), [](unsigned char c) { return std::tolower(c); });
		i = end;
	}
	return words;
}

using count = std::pair<std::string, std::size_t>;

static std::vector<count> count_words(const std::vector<std::string> &words)
{
	std::unordered_map<std::string, std::size_t> times;

	for (auto &w : words)
		times[w]++;
	std::vector<count> counts(times.begin(), times.end());
	std::sort(counts.begin(), counts.end(), [](const count &a, const count &b) {
		return a.second != b.second ? a.second > b.second : a.first < b.first;
	});
	return counts;
}

// The keys that were used last, the latest one in front
class cache
{
      public:
	explicit cache(std::size_t size) : size(size)
	{
	}

	void use(const std::string &key)
	{
		if (auto found = entries.find(key); found != entries.end()) {
			hits++;
			order.splice(order.begin(), order, found->second);
			return;
		}
		misses++;
		if (order.size() == size) {
			evictions++;
			entries.erase(order.back());
			order.pop_back();
		}
		order.push_front(key);
		entries.emplace(order.front(), order.begin());
	}

	std::size_t size, hits = 0, misses = 0, evictions = 0;

      private:
	std::list<std::string> order;
	std::unordered_map<std::string_view, std::list<std::string>::iterator> entries;
};

static std::uint64_t number(std::string_view arg)
{
	std::uint32_t n = 0;
	auto [end, err] = std::from_chars(arg.data(), arg.data() + arg.size(), n);

	if (err != std::errc() || end != arg.data() + arg.size())
		throw std::invalid_argument("solve: " + std::string(arg) +
					    ": a whole number up to 4294967295 is wanted");
	return n;
}

static void solve(const std::vector<std::string_view> &args)
{
	if (args.size() > 2)
		throw std::invalid_argument("usage: solve [WORDS [SEED]]");
	auto words = read_words(
		make_text(args.size() > 0 ? number(args[0]) : 100000, args.size() > 1 ? number(args[1]) : 1));
	auto counts = count_words(words);
	cache c(cache_size);

	std::cout << words.size() << " words, " << counts.size() << " different\n";
	for (std::size_t i = 0; i < counts.size() && i < most_printed; i++)
		std::cout << std::setw(8) << counts[i].second << ' ' << counts[i].first << '\n';
	for (auto &w : words)
		c.use(w);
	std::cout << "cache of " << c.size << ": " << c.hits << " hits, " << c.misses << " misses, " << c.evictions
		  << " evictions\n";
}

int main(int argc, char **argv)
{
	try {
		solve({ argv + 1, argv + argc });
	} catch (const std::invalid_argument &wrong) {
		std::cerr << wrong.what() << '\n';
		return 2;
	}
}
