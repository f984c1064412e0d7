// A small program to compile.
#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

template <typename T> T largest(const std::vector<T> &list)
{
	if (list.empty())
		throw std::invalid_argument("nothing given");
	return *std::max_element(list.begin(), list.end());
}

int main(int argc, char **argv)
{
	std::vector<std::string> words(argv + 1, argv + argc);
	std::map<std::string, size_t> lengths;

	std::thread([&] {
		for (const auto &word : words)
			lengths[word] = word.size();
	}).join();
	for (const auto &[word, length] : lengths)
		std::cout << word << ' ' << length << '\n';
	try {
		std::cout << largest(words) << std::endl;
	} catch (const std::exception &e) {
		std::cerr << e.what() << '\n';
		return 1;
	}
	return 0;
}
