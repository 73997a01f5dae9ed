package fingerprint

import "slices"

// Signature is what one frame looks like: each element 0, 1 or 2 for below, about and above its threshold.
// ISO/IEC 15938-3:2002/Amd.4.
type Signature [Elements]uint8

// thirdOf is the place of the threshold among the sorted sizes of n elements: the end of the lower third, as the
// standard's description and its known implementations take it.
func thirdOf(n int) int { return n * 333 / 1000 }

// signature judges the elements of a grid. The arithmetic is exact but for large pictures: there the grid rounds, and
// sums over many cells wrap around, as they do in FFmpeg's filter, which the codes of others come from.
func (g *grid) signature() (s Signature) {
	table := g.areas()
	middle := g.scale * g.factor * 128 // of the range of a sample
	var values, sizes [Elements]int64
	first := 0
	for i := range categories {
		c := &categories[i]
		n := c.values(table, middle, values[first:])
		v := values[first : first+n]
		for j, x := range v {
			sizes[j] = max(x, -x)
		}
		slices.Sort(sizes[:n])
		threshold := sizes[thirdOf(n)]
		for j, x := range v {
			switch {
			case x < -threshold:
				s[first+j] = 0
			case x <= threshold:
				s[first+j] = 1
			default:
				s[first+j] = 2
			}
		}
		first += n
	}
	return s
}

// values fills in the elements of a category and returns how many there are.
func (c *category) values(t *areas, middle int64, out []int64) int {
	n := c.len()
	for i := range n {
		b := c.element(i)
		switch c.shape {
		case average:
			out[i] = t.mean(b[:1]) - middle
		case pair:
			out[i] = t.mean(b[:1]) - t.mean(b[1:2])
		case cross:
			out[i] = t.mean(b[:2]) - t.mean(b[2:])
		case flank:
			out[i] = t.mean(b[:2]) - t.mean(b[2:3])
		case ring:
			out[i] = t.over(t.sum(b[0])-t.sum(b[1]), b[0].cells()-b[1].cells()) - t.mean(b[1:2])
		}
	}
	return n
}

// areas has at at[y][x] the sum of the means of all cells above y and left of x.
type areas struct {
	at     [side + 1][side + 1]int64
	factor int64
}

func (t *areas) sum(b box) int64 {
	return t.at[b[3]][b[2]] - t.at[b[1]][b[2]] - t.at[b[3]][b[0]] + t.at[b[1]][b[0]]
}

// over is the mean of n cells, times factor.
func (t *areas) over(sum, n int64) int64 {
	return int64(uint64(sum) * uint64(t.factor) / uint64(n))
}

// mean is that of all cells of some boxes.
func (t *areas) mean(boxes []box) int64 {
	var sum, n int64
	for _, b := range boxes {
		sum += t.sum(b)
		n += b.cells()
	}
	return t.over(sum, n)
}
