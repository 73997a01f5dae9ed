package watermark

// A part cut out of a marked picture keeps the blocks where it was cut at whole blocks, or shows them at another
// offset; what is lost is the number of the first block and how many blocks a row had. Only the latter's remainder by
// the length of the message matters, so that there are L × L ways to number the blocks of a part.

// maxCropBits bounds the messages that are looked for in parts: longer ones cost more tries than they gain.
const maxCropBits = 64

// part is what the rows of blocks of a part say, each folded to the lengths of the messages.
type part struct {
	name  string
	rows  [][]*pattern // by length, then by row; nil for lengths that are not looked for
	lines int
}

// cropped adds what a picture says as a part of a larger one. Only blocks at the picture's own corner are looked at,
// unless the search is thorough.
func (g *geometries) cropped(p *plane) {
	offsets := 1
	if g.thorough {
		offsets = side
	}
	if p.width < 4*side || p.height < 4*side {
		return
	}
	if g.parts == nil {
		g.parts = make([]*part, offsets*offsets)
	}
	for i := range g.parts {
		x, y := i%offsets, i/offsets
		cells, cols := p.cells(x, y, g.spectral), (p.width-x)/side
		lines := len(cells) / cols
		if g.parts[i] == nil {
			g.parts[i] = newPart(g.lengths, lines, cropName(x, y))
		}
		for _, rows := range g.parts[i].rows {
			for n, row := range rows {
				row.fold(cells[n*cols:(n+1)*cols], 0, 1)
			}
		}
	}
}

func newPart(lengths []int, lines int, name string) *part {
	p := &part{name: name, rows: make([][]*pattern, len(lengths)), lines: lines}
	for i, l := range lengths {
		if l > maxCropBits {
			continue
		}
		for range lines {
			p.rows[i] = append(p.rows[i], newPattern(l))
		}
	}
	return p
}

// numbered is the pattern of one length if each row began rest blocks after the one above.
func (p *part) numbered(length, rest int, k kind) *pattern {
	bits := p.rows[length][0].bits
	out := newPattern(bits)
	for n, row := range p.rows[length] {
		shift := n * rest % bits
		for b, q := range row.points[k] {
			to := &out.points[k][(b+shift)%bits]
			to.re += q.re
			to.im += q.im
			to.votes += q.votes
			out.blocks[(b+shift)%bits] += row.blocks[b]
		}
	}
	return out
}

// turned is the message as it reads from its n-th bit on.
func (t *target) turned(n int) []float64 { return t.twice[n : n+t.Bits] }

func cropName(x, y int) string {
	if x == 0 && y == 0 {
		return "a part cut out"
	}
	return "a part cut out, at an offset"
}
