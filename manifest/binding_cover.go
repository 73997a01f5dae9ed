package manifest

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/report"
)

// without cuts the bound ranges out of the gaps. Both are in ascending order; so is the result.
func without(gaps []gap, bound []Range) []gap {
	if len(bound) == 0 {
		return gaps
	}
	var out []gap
	for _, g := range gaps {
		i := sort.Search(len(bound), func(i int) bool { return bound[i].End() > g.from })
		for ; i < len(bound) && bound[i].Offset < g.to; i++ {
			if bound[i].Offset > g.from {
				part := g
				part.to = bound[i].Offset
				out = append(out, part)
			}
			g.from = bound[i].End()
		}
		if g.from < g.to {
			out = append(out, g)
		}
	}
	return out
}

// harmless says that nothing which is presented depends on what an exclusion leaves out of a box of this type.
func harmless(t bmff.FourCC) bool {
	switch t {
	case bmff.Ftyp, bmff.Styp, bmff.Free, bmff.Skip, bmff.UUID, bmff.Mfra,
		0x70737368, // pssh: keys of protected content; the specification's own example leaves it out
		0x656d7367: // emsg: events of live content
		return true
	}
	return false
}

// offsets says that the gap holds nothing but file offsets of media data, which some writers leave out so that a file
// can be rearranged: the rows of stco and co64, base_data_offset of tfhd, data_offset of trun. What they could be
// changed to is then held against the order of the data. ISO/IEC 14496-12, 8.7.5, 8.8.7 and 8.8.8.
func (g gap) offsets() bool {
	length := int64(0)
	switch g.box.Type {
	case bmff.Stco, bmff.Co64:
		length = g.to - g.from
	case bmff.Tfhd:
		if g.box.Flags&1 != 0 {
			length = 8
		}
	case bmff.Trun:
		if g.box.Flags&1 != 0 {
			length = 4
		}
	}
	return g.from >= g.box.Payload()+8 && g.to-g.from <= length && (length == g.to-g.from || g.from == g.box.Payload()+8)
}

// cover looks for content that nothing binds: boxes that decide what is presented, media data that a sample table
// points to outside the bound ranges, data in other files. It is not asked for by C2PA 2.5, 14.12.2, and never changes
// the status codes: the hash may match while the pictures are other ones.
func (k *bmffCheck) cover() error {
	seen := map[bmff.FourCC]bool{}
	for _, g := range k.unbound {
		if g.entry >= 0 && g.box != nil && g.offsets() {
			k.offsets = true
			continue
		}
		if g.entry < 0 || g.box == nil || harmless(g.box.Type) || harmless(g.root.Type) || seen[g.root.Type] {
			continue
		}
		seen[g.root.Type] = true
		k.partial = append(k.partial, "left out of the content hash: "+g.box.Path())
	}
	return k.samples()
}

// trackGap is what was found for one track.
type trackGap struct {
	count  int
	first  bmff.Run
	behind bool // the first lies behind the end of the file
}

// gapFinder holds media data against the gaps of one file.
type gapFinder struct {
	size   int64
	gaps   []gap
	tracks map[uint32]*trackGap
	last   map[uint32]int64 // end of the last run of each track
	back   bool             // a run starts before the end of the one before it
}

func newGapFinder(size int64, gaps []gap) gapFinder {
	return gapFinder{size: size, gaps: gaps, tracks: map[uint32]*trackGap{}, last: map[uint32]int64{}}
}

func (g *gapFinder) visit(r bmff.Run) error {
	end, known := g.last[r.Track]
	g.back = g.back || r.Offset < end
	if known || len(g.last) < 256 {
		g.last[r.Track] = r.Offset + r.Length
	}
	behind := r.Offset+r.Length > g.size
	if !behind && !g.outside(r) {
		return nil
	}
	t := g.tracks[r.Track]
	if t == nil {
		if len(g.tracks) >= 256 {
			return nil
		}
		t = &trackGap{first: r, behind: behind}
		g.tracks[r.Track] = t
	}
	t.count++
	return nil
}

// outside says that a run touches a gap.
func (g *gapFinder) outside(r bmff.Run) bool {
	i := sort.Search(len(g.gaps), func(i int) bool { return g.gaps[i].to > r.Offset })
	return i < len(g.gaps) && g.gaps[i].from < r.Offset+r.Length
}

// samples holds every chunk and track run of Data against the bound ranges.
func (k *bmffCheck) samples() error {
	tracks, _, err := k.file.Tracks()
	if err != nil {
		return err
	}
	find := newGapFinder(k.c.Size, k.unbound)
	for i := range tracks {
		t := &tracks[i]
		for _, e := range t.External {
			k.b.Findings = append(k.b.Findings, report.Newf("asset.externalData", k.uri, "track %d takes data from %q (%q), which nothing here binds", t.ID, e.Location, e.Type.String()).At(t.Box.Path(), e.Offset))
			k.partial = append(k.partial, "a track takes its data from outside the file")
		}
		if len(t.External) > 0 {
			continue // its offsets are offsets in another file
		}
		if ms, _ := t.HiddenMs(); ms >= HiddenLeast && k.unboundEdits(t) {
			k.partial = append(k.partial, fmt.Sprintf("the edit list of track %d, which hides part of the media, is not bound", t.ID))
		}
		if _, err := k.file.Chunks(t, find.visit); err != nil {
			return err
		}
		if err := k.ctx.Err(); err != nil {
			return err
		}
	}
	if k.sizes, err = k.file.SampleSizes(); err != nil {
		return err
	}
	if err := k.runs(k.file, k.sizes, &find); err != nil {
		return err
	}
	for _, t := range tracks {
		k.unboundTrack(t.ID, find.tracks[t.ID], "")
		delete(find.tracks, t.ID)
	}
	k.otherTracks(&find, "")
	if k.offsets {
		k.unboundOffsets(find.back)
	}
	return nil
}

// HiddenLeast is from how much hidden media on, in milliseconds, an edit list counts as one that hides something. Delays
// of encoders and reordered pictures take up to some 160 ms. docs/decisions/edit-lists.md.
const HiddenLeast = 250

// unboundEdits says that the edit list of a track may have been changed.
func (k *bmffCheck) unboundEdits(t *bmff.Track) bool {
	b := t.Box.Child(bmff.Edts)
	return b != nil && slices.ContainsFunc(k.unbound, func(g gap) bool { return g.from < b.End() && b.Offset < g.to })
}

// unboundOffsets judges content whose offsets are not bound while the data and their sizes are: as long as every track
// runs forward through bound data, its samples cannot have been put in another order.
func (k *bmffCheck) unboundOffsets(back bool) {
	if back {
		k.partial = append(k.partial, "the places of the samples are left out of the content hash, and a track does not run forward through the data")
		return
	}
	k.note("the places of the samples are left out of the content hash; every track runs forward through bound data")
}

// runs visits the track runs of every fragment in a file.
func (k *bmffCheck) runs(f *bmff.File, sizes defaultSizes, find *gapFinder) error {
	for i, b := range f.Boxes {
		if b.Type != bmff.Moof {
			continue
		}
		if _, err := f.Runs(b, sizes, find.visit); err != nil {
			return err
		}
		if i&1023 == 0 && k.ctx.Err() != nil {
			return k.ctx.Err()
		}
	}
	return nil
}

// otherTracks reports runs of tracks that the movie box of Data does not declare.
func (k *bmffCheck) otherTracks(find *gapFinder, name string) {
	for _, id := range slices.Sorted(maps.Keys(find.tracks)) {
		k.unboundTrack(id, find.tracks[id], name)
	}
}

// partSamples is samples for one fragment file of a set.
func (k *bmffCheck) partSamples(p Part, f *bmff.File, sizes defaultSizes, gaps []gap) error {
	find := newGapFinder(p.Size, gaps)
	if err := k.runs(f, sizes, &find); err != nil {
		return err
	}
	k.otherTracks(&find, p.Name)
	for _, g := range gaps {
		if g.box != nil && g.offsets() {
			k.unboundOffsets(find.back)
			break
		}
	}
	return nil
}

func (k *bmffCheck) unboundTrack(id uint32, g *trackGap, name string) {
	if g == nil {
		return
	}
	if !slices.Contains(k.b.Unbound, id) {
		k.b.Unbound = append(k.b.Unbound, id)
	}
	text := fmt.Sprintf("nothing binds %d chunks of track %d, the first at offset %d", g.count, id, g.first.Offset)
	if g.behind {
		text = fmt.Sprintf("%d chunks of track %d are not in the file, the first is said to lie at offset %d", g.count, id, g.first.Offset)
	}
	k.b.Findings = append(k.b.Findings, report.New("asset.unboundTrack", k.uri, text).At(name, g.first.Offset))
	k.partial = append(k.partial, "media data lie outside the bound ranges")
}
