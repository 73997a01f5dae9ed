package persons

import "math"

// How far apart templates lie. docs/accuracy.md has the measurement: of one person below .60 nearly always, and of two
// people above .45 but for close relatives. In between nothing can be told.
const (
	alikeAt     = 0.45
	differentAt = 0.60
)

// never is the distance of what must not be taken for one.
var never = math.Inf(1)

// clusters takes tracks for one person by average linkage, as long as the mean distance of two clusters is at most most.
// Pairs that are never apart only in time (they share a frame) have the distance [never], and no cluster has such a pair.
// It returns the number of the cluster of each track; far is changed. The work grows with the third power of n, which is
// bounded by maxLinked.
func clusters(far [][]float64, most float64) []int {
	n := len(far)
	of, size, gone := make([]int, n), make([]int, n), make([]bool, n)
	for i := range n {
		of[i], size[i] = i, 1
	}
	for {
		a, b, best := -1, -1, math.Nextafter(most, never)
		for i := range n {
			if gone[i] {
				continue
			}
			for j := i + 1; j < n; j++ {
				if !gone[j] && far[i][j] < best {
					a, b, best = i, j, far[i][j]
				}
			}
		}
		if a < 0 {
			return of
		}
		for k := range n {
			if k == a || gone[k] {
				continue
			}
			mean := (far[a][k]*float64(size[a]) + far[b][k]*float64(size[b])) / float64(size[a]+size[b])
			far[a][k], far[k][a] = mean, mean
		}
		size[a] += size[b]
		gone[b] = true
		for k := range of {
			if of[k] == b {
				of[k] = a
			}
		}
	}
}

// copied is a copy of a square.
func copied(far [][]float64) [][]float64 {
	out := make([][]float64, len(far))
	for i, row := range far {
		out[i] = append([]float64(nil), row...)
	}
	return out
}

// distinct counts the clusters.
func distinct(of []int) int {
	seen := map[int]bool{}
	for _, c := range of {
		seen[c] = true
	}
	return len(seen)
}
