package main

import (
	"sort"
	"strings"
)

// nearest returns up to n of the words that are close enough to be what was meant, nearest first. Close is: at most a
// third of the letters differ, or one begins with or holds the other.
func nearest(word string, words []string, n int) []string {
	type hit struct {
		word string
		far  int
	}
	word = strings.ToLower(word)
	var hits []hit
	for _, w := range words {
		low := strings.ToLower(w)
		far := distance(word, low)
		if len(word) >= 3 && strings.Contains(low, word) {
			far = min(far, 1)
		}
		if far <= max(1, max(len(word), len(low))/3) {
			hits = append(hits, hit{w, far})
		}
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].far < hits[j].far })
	var out []string
	for _, h := range hits[:min(n, len(hits))] {
		out = append(out, h.word)
	}
	return out
}

// maxWord bounds the words that are compared: the distance takes their product in time, and nobody means more.
const maxWord = 64

// distance is the number of letters to insert, delete or replace to make b of a, swaps of neighbours counted as one.
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
