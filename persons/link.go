package persons

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

const (
	// maxLinked bounds the tracks that are compared: the work grows with its third power, and a clip with more is cut into
	// so many shots that a range of hundreds says nothing.
	maxLinked = 500
	// candidateViews of a track are looked at once more, spread over its time, and bestViews of them are compared.
	candidateViews = 9
	bestViews      = 5

	// The least that a view must show to be compared. Profiles and blurs of different people are alike.
	leastEyes    = 12  // pixels between the eyes
	leastFrontal = 0.3 // of 1, see pose
	fullEyes     = 40  // pixels between the eyes, from which more do not help

	// What is shown to the network for the landmarks: a square around the face.
	partWide  = 2.2 // of the box
	partLeast = 64  // pixels
	partLong  = 256 // pixels
)

// linkRow is a track of the report.
type linkRow struct {
	of     *Seen // the video track that it is of
	track  *judgedTrack
	id     int
	person *string
}

// Linker compares the faces of one file with each other. It is shown the frames once more, makes templates of the best
// views of each track, and forgets them when it ends. Use it in this order: for each of [Linker.Parts] one decode, with
// Info and Frame, then [Linker.Finish]. One goroutine at a time.
type Linker struct {
	ctx    context.Context
	det    Describer
	sure   float64 // score of a face that is compared
	rows   []*linked
	left   int // tracks past maxLinked
	groups map[string]bool

	of     *Seen // the video track under way
	up     upright
	raw    raw
	scale  scaler
	frame  int32
	want   map[int32][]wanted
	looked int // candidates that were looked at
	others int // frames that were others than the first time
	lost   int // frames that the decode did not give
	blind  bool
	dead   error
}

type wanted struct {
	row   *linked
	sight *sight
	third int // of the track's time: 0, 1, 2
}

// linked is a track with what was seen of it.
type linked struct {
	linkRow
	looked   bool // one of its candidates came again
	views    []*view
	template *Template // the mean of the best; nil: none can be compared
	drifts   bool
}

// view is one look at a face.
type view struct {
	third    int
	worth    float64
	template Template
}

// Linker prepares the comparison of what was seen; nobody is looked at before its first frame. It does not close the
// detector.
func (a *Answer) Linker(ctx context.Context, d Describer) *Linker {
	l := &Linker{ctx: ctx, det: d, sure: scales[d.Network()].confirm, groups: a.groups, want: map[int32][]wanted{}}
	for _, r := range a.rows {
		if len(l.rows) == maxLinked {
			l.left++
			continue
		}
		l.rows = append(l.rows, &linked{linkRow: r})
	}
	return l
}

// Faces is how many tracks are compared at most.
func (a *Answer) Faces() int { return len(a.rows) }

// Begin begins with the video track of that number, 0 for the one that players show and then its further ones in their
// order; it says whether anything of it is wanted.
func (l *Linker) Begin(seen *Seen) bool {
	l.end()
	l.of, l.frame, l.up = seen, 0, upright{aspect: 1}
	for _, r := range l.rows {
		if r.of != seen {
			continue
		}
		for _, w := range candidates(r) {
			l.want[w.sight.frame] = append(l.want[w.sight.frame], w)
		}
	}
	return len(l.want) > 0 && l.dead == nil
}

// end ends the decode under way: what is wanted still did not come.
func (l *Linker) end() {
	l.lost += len(l.want)
	clear(l.want)
}

// candidates are the sights of a track that are looked at once more: the largest and surest of each of some stretches.
func candidates(r *linked) (out []wanted) {
	s := r.track.sights
	n := min(candidateViews, len(s))
	for k := range n {
		from, to := k*len(s)/n, (k+1)*len(s)/n
		best := from
		for i := from; i < to; i++ {
			if s[i].score*s[i].w > s[best].score*s[best].w {
				best = i
			}
		}
		out = append(out, wanted{r, &s[best], 3 * best / len(s)})
	}
	return out
}

// Info takes the tracks of the decode under way.
func (l *Linker) Info(i *video.Info) error {
	if i.Picture >= 0 && i.Picture < len(i.Tracks) {
		l.up = uprightOf(&i.Tracks[i.Picture])
	}
	return nil
}

// Frame takes the next frame; done says that no further one is wanted. The error is that of the context; a detector that
// gives up is no error, and makes the answer one that is not analysed.
func (l *Linker) Frame(f *video.Frame) (done bool, err error) {
	if err := l.ctx.Err(); err != nil {
		return false, err
	}
	n := l.frame
	l.frame++
	wants := l.want[n]
	if len(wants) == 0 {
		return len(l.want) == 0 || l.dead != nil, nil
	}
	delete(l.want, n)
	// The frame must be the one that was seen the first time.
	if int(n) >= len(l.of.times) || l.of.times[n] != f.Time || !l.raw.take(f, l.up) {
		l.others++
		return len(l.want) == 0, nil
	}
	p := l.scale.picture(&l.raw, MaxSide)
	for _, w := range wants {
		if err := l.look(p, w); err != nil {
			if ctxErr := l.ctx.Err(); ctxErr != nil {
				return false, ctxErr
			}
			l.dead = err
			return true, nil
		}
	}
	return len(l.want) == 0, nil
}

// look takes a view of a face, where it can be compared.
func (l *Linker) look(p *Picture, w wanted) error {
	l.looked++
	w.row.looked = true
	was := w.sight.face()
	part, x, y, sx, sy := p.surroundings(was, partWide, partLeast, partLong)
	found, err := l.det.Detect(l.ctx, part)
	if err != nil {
		return err
	}
	best, score := -1, 0.0
	for i, f := range found { // the one that was followed, not its neighbour
		here := Face{
			X: (float64(x) + f.X*float64(part.Width)*sx) / float64(p.Width), Y: (float64(y) + f.Y*float64(part.Height)*sy) / float64(p.Height),
			W: f.W * float64(part.Width) * sx / float64(p.Width), H: f.H * float64(part.Height) * sy / float64(p.Height),
		}
		if o := Overlap(was, here); o > overlapTwice && o > score {
			best, score = i, o
		}
	}
	if best < 0 {
		return nil
	}
	f := found[best]
	marks := f.Landmarks
	if marks == [5][2]float64{} {
		l.blind = true
		return nil
	}
	for k := range marks {
		marks[k] = [2]float64{float64(x) + marks[k][0]*float64(part.Width)*sx, float64(y) + marks[k][1]*float64(part.Height)*sy}
	}
	eyes, frontal := pose(marks)
	if eyes < leastEyes || frontal < leastFrontal || f.Score < l.sure {
		return nil
	}
	v := &view{third: w.third, worth: f.Score * min(1, eyes/fullEyes) * frontal}
	if !w.row.better(v) {
		return nil
	}
	chip := chipOf(p, marks)
	if chip == nil {
		return nil
	}
	defer clear(chip.RGB)
	if v.template, err = l.det.Template(l.ctx, chip); err != nil {
		return err
	}
	w.row.keep(v)
	return nil
}

// better says whether a view would be among the best of its track, of which each third has one where it can.
func (r *linked) better(v *view) bool {
	return len(r.views) < bestViews || r.worst(v.third).worth < v.worth ||
		!slices.ContainsFunc(r.views, func(o *view) bool { return o.third == v.third })
}

// worst is the view that makes room for one of a third: the least of those that are not alone in theirs.
func (r *linked) worst(third int) *view {
	count := [3]int{}
	count[third]++
	for _, v := range r.views {
		count[v.third]++
	}
	var out *view
	for _, v := range r.views {
		if count[v.third] > 1 && (out == nil || v.worth < out.worth) {
			out = v
		}
	}
	return out
}

// keep takes a view among the best.
func (r *linked) keep(v *view) {
	if len(r.views) == bestViews {
		i := slices.Index(r.views, r.worst(v.third))
		r.views[i].template.Forget()
		r.views = slices.Delete(r.views, i, i+1)
	}
	r.views = append(r.views, v)
}

// Close forgets all templates. After [Linker.Finish] it does nothing.
func (l *Linker) Close() {
	for _, r := range l.rows {
		for _, v := range r.views {
			v.template.Forget()
		}
		if r.template != nil {
			r.template.Forget()
		}
		r.views, r.template = nil, nil
	}
}

// Finish compares the tracks and forgets all templates. why says what kept the frames away; empty: nothing did.
func (l *Linker) Finish(why string) *report.Links {
	defer l.Close()
	l.end()
	out := &report.Links{
		Status: StatusAnalysed, NotCompared: []int{}, Alike: [][]int{}, TokenCoversDifferentFaces: []report.DifferentFaces{},
		IdentityDrift: []int{}, AlikeCovered: []report.AlikeCovered{},
	}
	for _, m := range l.det.Models() {
		out.Models = append(out.Models, report.FaceModel{Name: m.Name, SHA256: m.SHA256})
	}
	if reason := l.reason(why); reason != "" {
		out.Status, out.Reason = StatusPartial, &reason
	}
	if l.dead != nil || l.blind || len(l.rows) > 0 && l.looked == 0 {
		out.Status = StatusNotAnalysed
		return out
	}
	var rows []*linked
	for _, r := range l.rows {
		if r.sum(); r.template == nil {
			out.NotCompared = append(out.NotCompared, r.id)
			continue
		}
		rows = append(rows, r)
	}
	out.Compared = len(rows)
	l.compare(out, rows)
	return out
}

// reason says what is missing; empty: nothing is.
func (l *Linker) reason(why string) string {
	reasons := []string{why}
	var failed *Error
	switch {
	case errors.As(l.dead, &failed):
		reasons = append(reasons, strings.TrimPrefix(failed.Error(), "not analysed: "))
	case l.dead != nil:
		reasons = append(reasons, l.dead.Error())
	case l.blind:
		reasons = append(reasons, "the network that finds faces says nothing of eyes, nose and mouth, by which faces are turned upright")
	case len(l.rows) > 0 && l.looked == 0 && why == "":
		reasons = append(reasons, "the second decode did not give the frames in which faces were seen")
	case l.looked > 0:
		reasons = append(reasons, l.again()...)
	}
	if l.left > 0 {
		reasons = append(reasons, fmt.Sprintf("limit: %d of %d face tracks were compared", len(l.rows), len(l.rows)+l.left))
	}
	return strings.Join(slices.DeleteFunc(reasons, func(s string) bool { return s == "" }), "; ")
}

// again says what the second decode gave otherwise than the first.
func (l *Linker) again() (reasons []string) {
	if l.others > 0 {
		reasons = append(reasons, report.Count(l.others, "frame")+" showed something else when decoded again")
	}
	if l.lost > 0 {
		reasons = append(reasons, report.Count(l.lost, "frame")+" with faces did not come when decoded again")
	}
	if n := l.Unseen(); n > 0 {
		reasons = append(reasons, "nothing was seen again of "+report.Count(n, "face track"))
	}
	return reasons
}

// Unseen is how many of the tracks that were to be compared did not come in the second decode: whether their faces can be
// compared is not known.
func (l *Linker) Unseen() (n int) {
	for _, r := range l.rows {
		if !r.looked {
			n++
		}
	}
	return n
}
