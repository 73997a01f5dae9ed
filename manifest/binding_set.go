package manifest

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/internal/readat"
)

// setCheck is one check of an initialization segment and the files that came with it. C2PA 2.5, 14.12.2.2 and A.5.3.1.2.
type setCheck struct {
	*bmffCheck
	inits    []initFile
	fits     map[place]bool          // trees whose initialization segment a rendition has
	anywhere map[int]bool            // trees that fit some rendition
	sizes    map[string]defaultSizes // of the samples of renditions that bring their own initialization segment
	timing   map[string]*timing      // of the same
	tries    int64                   // bytes that may be hashed yet to find why fragments differ
	mu       sync.Mutex              // for inits, sizes, timing, tries, and what fragment files add to the binding
}

// place is a tree in a rendition.
type place struct {
	rendition string
	tree      int
}

// defaultSizes are the default sizes of samples in fragments, by track.
type defaultSizes = map[uint32]uint32

// maxMissingRows bounds the rows for fragments that are not there; what comes after is counted in the finding.
const maxMissingRows = 1000

// set checks an initialization segment and the fragment files that came with it.
func (k *bmffCheck) set() error {
	if k.noInit() {
		return nil
	}
	s := &setCheck{bmffCheck: k, fits: map[place]bool{}, anywhere: map[int]bool{}, sizes: map[string]defaultSizes{}, timing: map[string]*timing{}, tries: maxCauseBytes}
	own, err := k.file.SampleSizes()
	if err != nil {
		return err
	}
	s.sizes[k.c.Rendition] = own
	if s.timing[k.c.Rendition], err = timingOf(k.file); err != nil {
		return err
	}
	s.inits = []initFile{newInitFile("the initialization segment", k.c.Rendition, -1, k.c, k.matcher)}
	parts, err := s.readParts()
	if err != nil {
		return err
	}
	slices.SortFunc(s.inits, func(a, b initFile) int { return a.part - b.part }) // several were read at once
	if err := s.initSegments(); err != nil {
		return err
	}
	return s.judge(parts)
}

// judge turns the results of the files into findings, in playback order.
func (s *setCheck) judge(parts []*setPart) error {
	seq, used, due := newSequence(), map[int]bool{}, map[string]int64{}
	claimed := map[place]bool{} // by location, in tree: places whose file is listed and not there
	bad, total, brokenOnly, text := 0, 0, true, ""
	for i, p := range parts {
		given := &s.c.Parts[i]
		if p.init {
			continue // judged with the others of its kind
		}
		total++
		s.homeOf(p, given, used)
		if given.Data == nil {
			p.location = due[given.Rendition]
			if t := s.onlyTree(given.Rendition); t >= 0 {
				claimed[place{fmt.Sprint(p.location), t}] = true
			}
		}
		if p.location >= 0 {
			due[given.Rendition] = p.location + 1
		}
		if w := seq.add(given.Rendition, p.tree, p.location, p.why == ""); w != "" && p.why == "" {
			p.why = w
		}
		r := PartBinding{Name: given.Name, Rendition: given.Rendition, State: BindingIntact, Why: p.why, Location: p.location, UniqueID: -1, LocalID: -1}
		if p.tree >= 0 {
			r.UniqueID, r.LocalID = s.tree[p.tree].unique, s.tree[p.tree].local
		}
		if p.why != "" {
			r.State = BindingAltered
			if bad++; bad == 1 {
				text = fmt.Sprintf("%q: %s", r.Name, p.why)
			}
			brokenOnly = brokenOnly && p.broken
			if given.Data == nil {
				r.State = PartMissing
			} else if err := s.partDamage(given); err != nil {
				return err
			}
		}
		s.b.Parts = append(s.b.Parts, r)
	}
	if bad > 0 {
		text = fmt.Sprintf("%d of %d fragments are not as signed; %s", bad, total, text)
		if brokenOnly {
			s.malformed("%s", text)
		} else {
			s.mismatch("%s", text)
		}
	}
	s.complete(seq, used, claimed, total)
	return nil
}

// homeOf holds a fragment's tree against the initialization segments of its rendition.
func (s *setCheck) homeOf(p *setPart, given *Part, used map[int]bool) {
	if p.tree < 0 {
		return
	}
	if s.fits[place{given.Rendition, p.tree}] {
		used[p.tree] = true
		return
	}
	if p.why == "" {
		p.why = "it belongs to another initialization segment than those that were given"
		if s.anywhere[p.tree] {
			p.why = "it belongs to another rendition: to another initialization segment than its own"
		}
	}
	p.tree = -1
}

// onlyTree is the tree of a rendition that has one; -1: it has none or several.
func (s *setCheck) onlyTree(rendition string) int {
	only := -1
	for at := range s.fits {
		if at.rendition == rendition {
			if only >= 0 {
				return -1
			}
			only = at.tree
		}
	}
	return only
}

// complete says which fragments are not at hand: a hole is a mismatch, an end that has not come yet is not.
// C2PA 2.5, 14.12.2.2.
func (s *setCheck) complete(seq *sequence, used map[int]bool, claimed map[place]bool, parts int) {
	absent := func(what string) {
		s.partial = append(s.partial, what)
		s.b.Missing = append(s.b.Missing, notChecked("fragments", what))
	}
	if parts == 0 && !s.failed() {
		// What is bound is mostly not here. Missing bound content is a failure, though nothing is known to be altered.
		s.fail(codeBMFFMismatch, "fragments are missing: none was given; the initialization segment is as it was signed, and nothing of the media could be checked")
		s.b.State = BindingUnknown
		s.b.Missing = append(s.b.Missing, notChecked("fragments", "none was given"))
	}
	rows, others := 0, 0
	for i, t := range s.tree {
		if !used[i] {
			if parts > 0 {
				others++
				s.note(fmt.Sprintf("no fragment of merkle[%d] (uniqueId %d, localId %d) was given", t.index, t.unique, t.local))
			}
			continue
		}
		places, inside, behind := seq.missing(i, t.count, maxMissingRows)
		if inside > 0 {
			s.mismatch("merkle[%d]: %d of %d fragments are missing before later ones, the first is %d", t.index, inside, t.count, places[0])
		}
		for _, at := range places {
			if rows++; !claimed[place{fmt.Sprint(at), i}] && rows <= maxMissingRows {
				why := fmt.Sprintf("missing: nothing stands for part %d of %d of its tree", at, t.count)
				s.b.Parts = append(s.b.Parts, PartBinding{State: PartMissing, Why: why, Location: at, UniqueID: t.unique, LocalID: t.local})
			}
		}
		if behind > 0 {
			absent(fmt.Sprintf("the last %d of %d fragments were not given", behind, t.count))
		}
	}
	if others > 0 {
		s.b.Missing = append(s.b.Missing, notChecked("other renditions", fmt.Sprintf("%d of the %d tracks and renditions that the content hash binds: no fragment of them was given", others, len(s.tree))))
	}
}

// setPart is what was found of one file of Content.Parts.
type setPart struct {
	init     bool
	tree     int
	location int64
	why      string
	broken   bool
}

// initFile is an initialization segment: the asset itself, or one that came among the parts.
type initFile struct {
	name, rendition string
	part            int // index into Content.Parts; -1: the asset
	initSegment
}

func newInitFile(name, rendition string, part int, c *Content, m *matcher) initFile {
	return initFile{name, rendition, part, initSegment{content: c, matcher: m, last: len(m.file.Boxes), end: c.Size}}
}

// which tells an initialization segment of several from the others: by its file, or by the rendition that it begins.
func (in *initFile) which(c *Content) string {
	switch {
	case in.part >= 0:
		return fmt.Sprintf(" %.200q", c.Parts[in.part].Name)
	case in.rendition != "":
		return fmt.Sprintf(" of rendition %.200q", in.rendition)
	}
	return ""
}

// initSegments says which trees have an initialization segment among those that were given. Each segment must belong to
// a tree.
func (s *setCheck) initSegments() error {
	s.inits[0].sink = func(r row) {
		s.explain(r, "initialization segment")
		if r.included() {
			s.b.Bound += r.to - r.from
		} else {
			s.unbound = append(s.unbound, gap{r.from, r.to, r.entry, r.box, r.root})
		}
	}
	for n := range s.inits {
		in := &s.inits[n]
		found := false
		var others []PlanDigest // of trees that it is not the initialization segment of
		for i, t := range s.tree {
			sum, err := in.sum(s.ctx, t)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("initialization segment%s for merkle[%d]", in.which(s.c), t.index)
			if bytes.Equal(sum, t.initHash) {
				s.fits[place{in.rendition, i}], s.anywhere[i], found = true, true, true
				s.digest(name, t.alg, sum, t.initHash)
			} else if s.c.Explain && len(others) < maxRows {
				others = append(others, PlanDigest{Name: name, Alg: t.alg, Computed: bytes.Clone(sum), Expected: bytes.Clone(t.initHash)})
			}
		}
		if !found { // else each tree but its own is that of another rendition, and says nothing of it
			for _, d := range others {
				s.told(d)
			}
		}
		state, why := BindingIntact, ""
		if !found {
			s.mismatch("%s differs from every initHash", in.name)
			s.damage(in.name, 0, in.content.Size)
			state, why = BindingAltered, "it differs from every initialization segment that was signed"
		}
		if in.part >= 0 {
			s.b.Parts = append(s.b.Parts, PartBinding{
				Name: s.c.Parts[in.part].Name, Rendition: in.rendition, Init: true, State: state, Why: why, Location: -1, UniqueID: -1, LocalID: -1,
			})
		}
	}
	return nil
}

// maxHeld is the most that a fragment file may have to be read at once, in bytes: segments of some seconds at common
// rates have less. A larger one is read where it is looked at.
const maxHeld = 256 << 10

// readParts checks the leaf of every fragment file, and sorts out further initialization segments among the parts. The
// files are read one a core; of each no more is kept than its result.
func (s *setCheck) readParts() ([]*setPart, error) {
	results := make([]*setPart, len(s.c.Parts))
	ctx, stop := context.WithCancelCause(s.ctx)
	defer stop(nil)
	one := func(i int, held *[]byte) {
		r, err := s.read(i, held)
		if err != nil {
			stop(fmt.Errorf("%s: %w", s.c.Parts[i].Name, err))
		}
		results[i] = r
	}
	held := make([][]byte, runtime.GOMAXPROCS(0))
	for first := 0; first < len(results) && ctx.Err() == nil; {
		if s.c.Parts[first].Init { // what it says of samples is asked for by those behind it
			one(first, &held[0])
			first++
			continue
		}
		last := first
		for last < len(results) && !s.c.Parts[last].Init {
			last++
		}
		var next atomic.Int64
		next.Store(int64(first))
		var wait sync.WaitGroup
		for w := range min(last-first, len(held)) {
			wait.Go(func() {
				for ctx.Err() == nil {
					i := int(next.Add(1)) - 1
					if i >= last {
						return
					}
					one(i, &held[w])
				}
			})
		}
		wait.Wait()
		first = last
	}
	return results, context.Cause(ctx)
}

// read checks one file. A small one is read into held at once, where nothing of it stays.
func (s *setCheck) read(i int, held *[]byte) (*setPart, error) {
	p := s.c.Parts[i]
	r := &setPart{tree: -1, location: -1}
	if p.Data == nil {
		r.why = "missing: the file is not there"
		return r, s.ctx.Err()
	}
	here := p
	if p.Size <= maxHeld && !p.Init {
		*held = slices.Grow((*held)[:0], int(p.Size))[:p.Size]
		if err := readat.Full("manifest", p.Data, *held, 0); err != nil {
			return nil, err
		}
		here.Data = bytes.NewReader(*held)
	}
	f, err := bmff.Walk(here.Data, p.Size, bmff.Limits{})
	if err != nil {
		return nil, err
	}
	if !p.Init && (f.First(bmff.Moov) == nil || f.First(bmff.Moof) != nil) {
		return r, s.part(r, here, f)
	}
	if here.Data != p.Data { // an initialization segment is asked again
		if f, err = bmff.Walk(p.Data, p.Size, bmff.Limits{}); err != nil {
			return nil, err
		}
	}
	r.init = true
	sizes, err := f.SampleSizes()
	if err != nil {
		return nil, err
	}
	when, err := timingOf(f)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[p.Rendition], s.timing[p.Rendition] = sizes, when
	s.inits = append(s.inits, newInitFile(fmt.Sprintf("%q", p.Name), p.Rendition, i, &Content{Data: p.Data, Size: p.Size}, newMatcher(f, s.m.Exclusions)))
	return r, nil
}

// part checks one fragment file: exactly one moof, one mdat, and a proof box right before the moof. The leaf is the
// whole file without what is excluded. C2PA 2.5, A.5.3.1.2.
func (s *setCheck) part(r *setPart, p Part, f *bmff.File) error {
	moof := -1
	moofs, mdats := 0, 0
	for i, b := range f.Boxes {
		switch b.Type {
		case bmff.Moof:
			if moofs++; moofs == 1 {
				moof = i
			}
		case bmff.Mdat:
			mdats++
		}
	}
	if moofs == 0 {
		r.why, r.broken = "no fragment: it has no moof box", true
		return nil
	}
	proof, at, fault, err := s.proofBefore(f, moof)
	if err != nil {
		return err
	}
	if proof == nil {
		r.why, r.broken = fault, true
		return nil
	}
	defer proof.done()
	r.location = *proof.Location
	if r.tree = at; at < 0 {
		r.why = "foreign: " + fault
		return nil
	}
	t := s.tree[at]
	var plan hashplan.Plan
	var gaps []gap
	err = newMatcher(f, s.m.Exclusions).plan(0, len(f.Boxes), p.Size, true, &plan, func(x row) {
		if !x.included() {
			gaps = append(gaps, gap{x.from, x.to, x.entry, x.box, x.root})
		}
	})
	if err != nil {
		return err
	}
	sum, err := plan.Sum(s.ctx, p.Data, p.Size, t.newHash())
	if err != nil {
		return err
	}
	if kind, why := leafFault(t, sum, proof); kind != asSigned {
		r.why, r.broken = why, kind == badProof
		if kind == badContent {
			return s.partCause(r, p, f, t, proof)
		}
		return nil
	}
	if moofs != 1 || mdats != 1 {
		r.why = fmt.Sprintf("%d moof and %d mdat boxes, one of each is expected", moofs, mdats)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Bound += plan.Bytes()
	sizes, ok := s.sizes[p.Rendition]
	if !ok {
		sizes = s.sizes[s.c.Rendition]
	}
	return s.partSamples(p, f, sizes, gaps)
}
