package persons

import (
	"cmp"
	"slices"
	"time"

	"github.com/consentry/consentry/region"
)

// Entry is a person or a group that a declaration names, as far as it matters where they are in the picture.
type Entry struct {
	ID    string
	Group bool // stands for any number of faces at a time; else for one
	// Regions are where the entry is; nil ones could not be read and contain nothing. An entry without any may be
	// anywhere at any time: its faces can only be counted.
	Regions []*region.Region
}

// When a face is one that an entry stands for. The measured boxes and the declared regions differ by a little: the box
// is shrunk and the region grown, and a few frames may be missing.
const (
	boxShrunk   = 0.8
	regionGrown = 0.1
	insideAt    = 0.6  // of the shrunk box, in the grown region
	coveredAt   = 0.95 // of the track's time
	openFrames  = 3    // in a row that may be uncovered
	partlyAt    = 0.2  // of the track's time: the entry was seen, though the track is not covered
	handOver    = 600 * time.Millisecond
	maxParts    = 8 // faces that take each other's place in one track
	// maxPoints bounds the work on hostile regions: a second or two of one core. A film of two hours with three faces
	// in each frame and ten rectangles around them needs a twentieth of it.
	maxPoints = 1 << 28
)

// cover holds tracks against entries.
type cover struct {
	entries       []entryRegions
	width, height float64 // of the displayed picture, pixels
	track         int64   // the container's number of the track
	times         []time.Duration
	points        int64 // left
}

type entryRegions struct {
	Entry
	regions []timedRegion // by start
	always  bool          // without a region: anywhere at any time
}

type timedRegion struct {
	*region.Region
	start, end time.Duration
	placed     bool
	cost       int64
}

func newCover(entries []Entry, width, height int, track int64, times []time.Duration) *cover {
	c := &cover{width: float64(width), height: float64(height), track: track, times: times, points: maxPoints}
	for _, e := range entries {
		er := entryRegions{Entry: e, always: len(e.Regions) == 0}
		for _, r := range e.Regions {
			start, end, _, never := r.Window()
			if never {
				continue
			}
			er.regions = append(er.regions, timedRegion{r.Grown(regionGrown), start, end, r.Placed(), int64(r.Cost())})
		}
		slices.SortFunc(er.regions, func(a, b timedRegion) int { return cmp.Compare(a.start, b.start) })
		c.entries = append(c.entries, er)
	}
	return c
}

// held is how far one entry covers one track.
type held struct {
	in        []bool  // by sight of the track
	share     float64 // of the time
	closeness float64 // mean share of the face in placed regions: which of two is nearer
	run       int     // the longest run of frames that is not covered
	middle    float64 // share without what may be open at the ends
}

// places are the boxes of a track in the frames in which it was found. Where a face was looked for and not found, between
// two sights, there is nothing to cover.
func (c *cover) places(t *track) []region.Place {
	out := make([]region.Place, len(t.sights))
	for i := range t.sights {
		f, n := t.sights[i].face(), t.sights[i].frame
		out[i] = region.Place{
			Box: region.Box{
				X: (f.X + f.W*(1-boxShrunk)/2) * c.width, Y: (f.Y + f.H*(1-boxShrunk)/2) * c.height,
				Width: f.W * boxShrunk * c.width, Height: f.H * boxShrunk * c.height,
			},
			Width: c.width, Height: c.height, At: c.times[n], Frame: int64(n), Track: c.track,
		}
	}
	return out
}

// hold asks how far an entry covers a track.
func (c *cover) hold(e *entryRegions, places []region.Place, weights []float64) *held {
	h := &held{in: make([]bool, len(places))}
	total, covered := 0.0, 0.0
	next, live := 0, []*timedRegion(nil)
	for i := range places {
		p := &places[i]
		for next < len(e.regions) && e.regions[next].start <= p.At {
			live = append(live, &e.regions[next])
			next++
		}
		live = slices.DeleteFunc(live, func(r *timedRegion) bool { return r.end < p.At })
		best := 0.0
		if e.always {
			best = insideAt
		}
		for _, r := range live {
			if c.points -= r.cost; c.points < 0 {
				return h
			}
			s := r.Share(*p)
			if !r.placed {
				s = min(s, insideAt) // it is nowhere in particular: one that has a place is nearer
			}
			best = max(best, s)
		}
		total += weights[i]
		if h.in[i] = best >= insideAt; h.in[i] {
			covered += weights[i]
			h.closeness += weights[i] * best
		}
	}
	if total > 0 {
		h.share, h.closeness = covered/total, h.closeness/total
	}
	h.trim(places, weights)
	return h
}

// trim takes the frames at the ends of a track away that are not covered, up to openFrames and a quarter of them all: a
// face that comes or goes is found a little before a declarer would draw it, and a little longer.
func (h *held) trim(places []region.Place, weights []float64) {
	from, to := 0, len(h.in)
	for left := min(openFrames, len(h.in)/4); left > 0; left-- {
		switch {
		case from < to && !h.in[from]:
			from++
		case from < to && !h.in[to-1]:
			to--
		}
	}
	total, covered := 0.0, 0.0
	open := from // first sight of the run that is not covered
	for i := from; i < to; i++ {
		total += weights[i]
		if h.in[i] {
			covered += weights[i]
			open = i + 1
			continue
		}
		h.run = max(h.run, int(places[i].Frame-places[open].Frame)+1)
	}
	if total > 0 {
		h.middle = covered / total
	}
}

// holds asks how far each entry covers a track.
func (c *cover) holds(t *track) []*held {
	places, weights := c.places(t), c.weights(t)
	out := make([]*held, len(c.entries))
	for i := range c.entries {
		out[i] = c.hold(&c.entries[i], places, weights)
	}
	return out
}

// weights are the times for which the sights of a track stand: each until the next one.
func (c *cover) weights(t *track) []float64 {
	out := make([]float64, len(t.sights))
	for i := range out {
		n := int(t.sights[i].frame)
		end := frameEnd(c.times, n)
		if i+1 < len(t.sights) {
			end = c.times[t.sights[i+1].frame]
		}
		out[i] = max((end - c.times[n]).Seconds(), 1e-3)
	}
	return out
}

// frameEnd is when a frame ends: where the next one begins, and for the last one as long as the one before took.
func frameEnd(times []time.Duration, n int) time.Duration {
	switch {
	case n+1 < len(times):
		return times[n+1]
	case n > 0:
		return times[n] + max(times[n]-times[n-1], 0)
	}
	return times[n] + time.Second/25
}

func (h *held) covers() bool { return h.middle >= coveredAt && h.run <= openFrames }

// judgedTrack is a track with the entries that cover it.
type judgedTrack struct {
	*track
	confirmed bool
	options   []option // nearest first
	person    int      // index into the entries; -1: none
	partly    []int    // entries that hold it for a part of the time
	coverage  float64  // share of the time that the entry covers, or that the nearest one does
}

type option struct {
	entry     int
	closeness float64
	share     float64
}

// judge finds for each track the entry that covers it. An entry that is no group stands for one track at a time, and
// as many tracks are covered as can be. It says which entries were seen in part only.
func (c *cover) judge(tracks []*track, confirmed func(*track) bool) (out []*judgedTrack, partly map[int]bool) {
	partly = map[int]bool{}
	for _, t := range tracks {
		parts, holds := c.parts(t)
		for _, part := range parts {
			j := &judgedTrack{track: part, confirmed: confirmed(part), person: -1}
			if len(parts) > 1 {
				holds = c.holds(part)
			}
			for i, h := range holds {
				j.coverage = max(j.coverage, h.share)
				if h.share >= partlyAt {
					j.partly = append(j.partly, i)
				}
				if h.covers() {
					j.options = append(j.options, option{i, h.closeness, h.share})
				}
			}
			slices.SortStableFunc(j.options, func(a, b option) int { return cmp.Compare(b.closeness, a.closeness) })
			out = append(out, j)
		}
	}
	c.assign(out)
	for _, j := range out {
		for _, i := range j.partly {
			if j.person < 0 { // what is another's says nothing of this one
				partly[i] = true
			}
		}
	}
	return out, partly
}

// parts cuts a track where the declaration says that another face takes the place of the first: one entry's regions end
// there or the other's begin, and both hold the face. A cross-fade looks like one face that goes on.
func (c *cover) parts(t *track) ([]*track, []*held) {
	uncut, holds := []*track{t}, c.holds(t)
	if slices.ContainsFunc(holds, (*held).covers) {
		return uncut, holds
	}
	places := c.places(t)
	var cuts []int
	at, was := 0, -1
	for len(cuts) < maxParts {
		best, entry := at, -1
		for i, h := range holds {
			if i == was || c.entries[i].always || at < len(h.in) && !h.in[at] {
				continue
			}
			if was >= 0 && !c.changes(was, i, places, at) {
				continue
			}
			end := at
			for end < len(h.in) && h.in[end] {
				end++
			}
			if end > best {
				best, entry = end, i
			}
		}
		if entry < 0 {
			return uncut, holds
		}
		if best == len(places) {
			return cutTrack(t, cuts), holds
		}
		// The next face must be there while this one still is.
		at, was = best-1, entry
		cuts = append(cuts, best-1)
	}
	return uncut, holds
}

// changes says whether the declaration itself says that one entry takes another's place at about a frame.
func (c *cover) changes(from, to int, places []region.Place, at int) bool {
	now := places[at].At
	ends := !c.valid(from, now+handOver)
	begins := !c.valid(to, now-handOver)
	return ends || begins
}

// valid says whether one of an entry's regions is valid at a time.
func (c *cover) valid(entry int, at time.Duration) bool {
	return slices.ContainsFunc(c.entries[entry].regions, func(r timedRegion) bool { return r.start <= at && at <= r.end })
}

// cutTrack cuts a track before the given sights.
func cutTrack(t *track, cuts []int) []*track {
	var out []*track
	from := 0
	for _, to := range append(cuts, len(t.sights)) {
		if to == from {
			continue
		}
		out = append(out, t.part(from, to))
		from = to
	}
	return out
}

// assign gives each track an entry, confirmed ones first and those with the fewest options before the others.
func (c *cover) assign(tracks []*judgedTrack) {
	order := slices.Clone(tracks)
	slices.SortStableFunc(order, func(a, b *judgedTrack) int {
		if a.confirmed != b.confirmed {
			if a.confirmed {
				return -1
			}
			return 1
		}
		return cmp.Compare(len(a.options), len(b.options))
	})
	of := make([][]*judgedTrack, len(c.entries))
	for _, t := range order {
		budget := 10_000 // tries; many faces with many options each are no picture of people
		c.place(t, of, map[*judgedTrack]bool{}, &budget)
	}
}

// place finds an entry for a track, and for that moves those that are in its way, if they can go elsewhere.
func (c *cover) place(t *judgedTrack, of [][]*judgedTrack, moving map[*judgedTrack]bool, budget *int) bool {
	if moving[t] {
		return false
	}
	moving[t] = true
	defer delete(moving, t)
	for _, o := range t.options {
		if *budget--; *budget < 0 {
			return false
		}
		var inTheWay []*judgedTrack
		if !c.entries[o.entry].Group {
			for _, other := range of[o.entry] {
				if other != t && t.meets(other) {
					inTheWay = append(inTheWay, other)
				}
			}
		}
		if len(inTheWay) > 1 || len(inTheWay) == 1 && !c.moveAway(inTheWay[0], o.entry, of, moving, budget) {
			continue
		}
		t.person, t.coverage = o.entry, o.share
		of[o.entry] = append(of[o.entry], t)
		return true
	}
	return false
}

// moveAway gives a track another entry than the one that it has.
func (c *cover) moveAway(t *judgedTrack, from int, of [][]*judgedTrack, moving map[*judgedTrack]bool, budget *int) bool {
	options, coverage := t.options, t.coverage
	t.options = slices.DeleteFunc(slices.Clone(options), func(o option) bool { return o.entry == from })
	ok := c.place(t, of, moving, budget)
	t.options = options
	if !ok {
		t.person, t.coverage = from, coverage
		return false
	}
	of[from] = slices.DeleteFunc(of[from], func(x *judgedTrack) bool { return x == t })
	return true
}

// meets says whether two tracks share a frame.
func (j *judgedTrack) meets(other *judgedTrack) bool {
	return j.sights[0].frame <= other.last().frame && other.sights[0].frame <= j.last().frame
}
