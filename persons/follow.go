package persons

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// scale is how a network's scores are read. docs/accuracy.md has the measurement on which the numbers stand.
type scale struct {
	least   float64 // below it is a trace: worth a look at the place, and no more
	hint    float64 // of the small picture: worth a look at the large one, and enough to go on with a track
	start   float64 // a face: a track may start
	confirm float64 // a track with such a face is a person's, without further sights
	// small says that every frame is looked at in a small picture first, since the large one costs too much.
	small bool
}

var scales = map[string]scale{
	"centerface": {least: 0.1, hint: 0.12, start: 0.3, confirm: 0.5, small: true},
	"yunet":      {hint: 0.5, start: 0.7, confirm: 0.86},
	"ultraface":  {hint: 0.5, start: 0.65, confirm: 0.9},
}

// How faces of neighbouring frames are taken for one.
const (
	overlapJoins  = 0.2 // of the predicted box
	centreJoins   = 0.6 // widths between the centres, where the boxes do not overlap enough
	centreSpeed   = 3   // widths a second that these may grow by, once the face was not seen for longer than steady
	steady        = 50 * time.Millisecond
	sizeJoins     = 1.7 // ratio of the widths
	overlapTwice  = 0.3 // of two detections of one face, in the small and the large picture
	patience      = 220 * time.Millisecond
	patienceLooks = 2 // large pictures, for faces that the small one does not show
)

// Limits of an analysis. A video with more is cut short and the answer is partial.
const (
	// maxTracks is far above what a film has; a report of more could not be read.
	maxTracks = 4096
	// maxLive bounds the faces that are followed at a time: matching costs their number times that of the detections.
	maxLive = 256
	// maxSights bounds what is kept of all tracks together: 128 MiB. A film of two hours with three faces in each frame
	// has half a million.
	maxSights = 1 << 22
)

// sight is a face in one frame, in fractions of the picture.
type sight struct {
	frame      int32
	x, y, w, h float32
	score      float32
}

func (s *sight) face() Face {
	return Face{X: float64(s.x), Y: float64(s.y), W: float64(s.w), H: float64(s.h), Score: float64(s.score)}
}

// track is one face from its first sight to its last, inside one shot.
type track struct {
	sights []sight
	best   int // index of the sight that shows it best

	vx, vy  float64       // of the centre, a second
	seen    time.Duration // last
	looks   int           // large pictures since
	inSmall bool          // the small picture showed it last time
	lost    bool          // the loss was looked into
	sure    bool          // one sight is enough to confirm it
	start   time.Duration // of the first frame
	still   still         // whether it is possibly a picture
	whole   float32       // the best score of the track that this one is a part of

	glimpses  []glimpse // of the last seconds
	mixed     time.Duration
	exchanges []exchange
}

func (t *track) last() *sight { return &t.sights[len(t.sights)-1] }

// at is where the track is expected.
func (t *track) at(now time.Duration) Face {
	f := t.last().face()
	dt := (now - t.seen).Seconds()
	f.X += t.vx * dt
	f.Y += t.vy * dt
	return f
}

// follower makes tracks of the detections of one frame after the other.
type follower struct {
	scale scale
	times []time.Duration // of the frames

	live, done []*track
	refused    []Face // of small pictures, where the large one had no face; until the next look there
	sights     int
	most       int    // sights that are kept
	crowd      int    // the most tracks in one frame
	over       string // the limit that was reached
	scene      *scene // of the frame; nil: faces are not looked at
}

// wants says where the next frame must be looked at more closely, by what the small picture shows: a face where no track
// is, or none where there was one.
func (f *follower) wants(at time.Duration, small []Face) (where []Face) {
	pairs := f.match(f.live, small, at)
	met := map[int]bool{}
	for _, p := range pairs {
		met[p.face] = true
		f.live[p.track].lost = false
	}
	for i, s := range small {
		if s.Score < trace || met[i] || s.Score < f.scale.hint && f.follows(s, at) {
			continue
		}
		if !slices.ContainsFunc(f.refused, func(r Face) bool { return Overlap(r, s) > overlapTwice && s.Score < r.Score+0.1 }) {
			where = append(where, s)
		}
	}
	for i, t := range f.live {
		if t.inSmall && !t.lost && !slices.ContainsFunc(pairs, func(p pair) bool { return p.track == i }) {
			t.lost = true
			where = append(where, t.at(at))
		}
	}
	return where
}

// follows says whether a track is expected at a place.
func (f *follower) follows(place Face, at time.Duration) bool {
	return slices.ContainsFunc(f.live, func(t *track) bool { return Overlap(t.at(at), place) > overlapJoins })
}

// doubts says where the large picture of the next frame must be looked at, by what a picture between it and the small one
// shows: a face that is not known for sure, or none where a track is.
func (f *follower) doubts(at time.Duration, faces []Face) (where []Face) {
	known, seen := map[int]bool{}, map[int]bool{}
	for _, p := range f.match(f.live, faces, at) {
		seen[p.track] = true
		known[p.face] = f.live[p.track].sure
	}
	for i, face := range faces {
		if face.Score >= trace && !known[i] && !(face.Score < f.scale.hint && f.follows(face, at)) {
			where = append(where, face)
		}
	}
	for i, t := range f.live {
		if !seen[i] {
			where = append(where, t.at(at))
		}
	}
	return where
}

// next takes the detections of a frame: those of the small picture, and what was seen more closely, if it was.
func (f *follower) next(at time.Duration, starts bool, small []Face, near *closer) {
	traces, small := small, f.scale.known(small)
	n := int32(len(f.times))
	f.times = append(f.times, at)
	if starts {
		f.finish()
		f.refused = f.refused[:0]
	}
	faces := small
	if near != nil {
		faces = f.merge(small, near.faces)
	}
	taken := make([]bool, len(faces))
	seen := make([]bool, len(f.live))
	strong := slices.Clone(faces)
	for i := range strong {
		if strong[i].Score < f.scale.start {
			strong[i].W = 0 // not in the first round: it must not take a track from a better one
		}
	}
	for _, round := range [][]Face{strong, faces} {
		var open []*track
		var index []int
		for i, t := range f.live {
			if !seen[i] {
				open, index = append(open, t), append(index, i)
			}
		}
		free := slices.Clone(round)
		for i := range free {
			if taken[i] {
				free[i].W = 0
			}
		}
		for _, p := range f.match(open, free, at) {
			seen[index[p.track]], taken[p.face] = true, true
			f.add(open[p.track], n, at, faces[p.face])
			if near != nil && near.alone {
				continue
			}
			open[p.track].inSmall = slices.ContainsFunc(small, func(s Face) bool { return s == faces[p.face] || Overlap(s, faces[p.face]) > overlapTwice })
		}
	}
	f.lose(at, near, seen)
	if near != nil {
		f.begin(n, at, small, faces, taken)
		f.refuse(traces, near)
	}
	f.crowd = max(f.crowd, len(f.live))
}

// lose ends the tracks that were not seen for too long.
func (f *follower) lose(at time.Duration, near *closer, seen []bool) {
	kept := f.live[:0]
	for i, t := range f.live {
		if !seen[i] {
			if near.covers(t.at(at)) {
				t.looks++
			}
			over := at-t.seen > patience
			if !t.inSmall {
				over = over && t.looks >= patienceLooks
			}
			if over {
				f.close(t)
				continue
			}
		}
		kept = append(kept, t)
	}
	f.live = kept
}

// begin makes tracks of the faces that belong to none.
func (f *follower) begin(n int32, at time.Duration, small, faces []Face, taken []bool) {
	for i, face := range faces {
		if taken[i] || face.Score < f.scale.start {
			continue
		}
		if len(f.live) >= maxLive || len(f.done)+len(f.live) >= maxTracks {
			f.over = "more faces than are followed"
			return
		}
		t := &track{start: at}
		f.add(t, n, at, face)
		t.inSmall = slices.ContainsFunc(small, func(s Face) bool { return s.Score >= f.scale.hint && Overlap(s, face) > overlapTwice })
		f.live = append(f.live, t)
	}
}

// refuse remembers what only the small picture takes for a face.
func (f *follower) refuse(small []Face, near *closer) {
	if near.alone {
		return
	}
	f.refused = slices.DeleteFunc(f.refused, near.covers)
	for _, s := range small {
		if s.Score >= trace && near.covers(s) && !slices.ContainsFunc(f.live, func(t *track) bool { return Overlap(t.last().face(), s) > overlapJoins }) {
			f.refused = append(f.refused, s)
		}
	}
}

// add gives a track a sight.
func (f *follower) add(t *track, n int32, at time.Duration, face Face) {
	if f.sights >= f.most {
		f.over = "more sights of faces than are kept"
		return
	}
	f.sights++
	if len(t.sights) > 0 {
		was := t.last().face()
		if dt := (at - t.seen).Seconds(); dt > 0 {
			// Half of the new motion: a box that jumps once must not carry the track away.
			t.vx += 0.5 * ((face.X+face.W/2-was.X-was.W/2)/dt - t.vx)
			t.vy += 0.5 * ((face.Y+face.H/2-was.Y-was.H/2)/dt - t.vy)
		}
	}
	t.sights = append(t.sights, sight{n, float32(face.X), float32(face.Y), float32(face.W), float32(face.H), float32(face.Score)})
	t.seen, t.looks, t.lost = at, 0, false
	t.sure = t.sure || face.Score >= f.scale.confirm
	t.look(f.scene, &face, at)
	if b := &t.sights[t.best]; face.Score*face.W >= float64(b.score*b.w) {
		t.best = len(t.sights) - 1
	}
}

// finish ends all tracks.
func (f *follower) finish() {
	for _, t := range f.live {
		f.close(t)
	}
	f.live = f.live[:0]
}

// close ends a track. Where its face was exchanged for another one, two end; what was never certain stays whole, or its
// parts could come to nothing.
func (f *follower) close(t *track) {
	t.still.patch = nil
	parts := []*track{t}
	if float64(t.peak()) >= f.scale.confirm {
		parts = t.parts()
	}
	if len(parts) > 1 && len(f.done)+len(f.live)+len(parts) > maxTracks {
		f.over = "more faces than are followed"
		parts = []*track{t}
	}
	t.glimpses = nil
	f.done = append(f.done, parts...)
}

// merge puts the faces of both pictures together: those of the large one, and what only the small one shows.
func (f *follower) merge(small, full []Face) []Face {
	out := slices.Clone(full)
	for _, s := range small {
		if !slices.ContainsFunc(full, func(g Face) bool { return Overlap(g, s) > overlapTwice }) {
			out = append(out, s)
		}
	}
	return out
}

// pair is a track and the face that goes on with it.
type pair struct{ track, face int }

// match pairs tracks with faces, the nearest first.
func (f *follower) match(tracks []*track, faces []Face, at time.Duration) []pair {
	type candidate struct {
		pair
		worth float64
	}
	var all []candidate
	for i, t := range tracks {
		p := t.at(at)
		for k, face := range faces {
			if face.W <= 0 || face.Score < f.scale.hint {
				continue
			}
			if w := likeness(p, face, at-t.seen); w > 0 {
				all = append(all, candidate{pair{i, k}, w})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.worth, a.worth) })
	var out []pair
	usedT, usedF := map[int]bool{}, map[int]bool{}
	for _, c := range all {
		if !usedT[c.track] && !usedF[c.face] {
			usedT[c.track], usedF[c.face] = true, true
			out = append(out, c.pair)
		}
	}
	return out
}

// likeness is above zero where a face can be the one that was expected at a place, and the greater the nearer. The
// longer it was not seen, the further it may have gone.
func likeness(want, got Face, gap time.Duration) float64 {
	if o := Overlap(want, got); o > overlapJoins {
		return 1 + o
	}
	ratio := got.W / want.W
	if ratio < 1/sizeJoins || ratio > sizeJoins {
		return 0
	}
	dx := (got.X + got.W/2 - want.X - want.W/2) / want.W
	dy := (got.Y + got.H/2 - want.Y - want.H/2) / want.H
	far := centreJoins + centreSpeed*max(gap-steady, 0).Seconds()
	if d := math.Hypot(dx, dy); d < far {
		return 1 - d/far
	}
	return 0
}

// Overlap is the intersection of two boxes by their union, 0 to 1.
func Overlap(a, b Face) float64 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.W*a.H + b.W*b.H - w*h)
}
