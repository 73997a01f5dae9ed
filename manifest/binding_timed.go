package manifest

import (
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/bmff"
)

// Trees over the chunks of tracks are an older form, which the reference implementation still reads: a map without
// block sizes whose localId is the number of a track, one leaf for the bytes of each chunk of it, and a proof box for
// each leaf. Later texts have blocks of media data boxes in its place. docs/decisions/manifest-readings.md.

// timed says whether the trees are of that form: none has block sizes, all have proof boxes, each is named after a
// track of the movie, and they are no trees of one leaf for each media data box, as which the same maps can be read.
func (k *bmffCheck) timed(mdats int, proofs map[[2]int64][]proofBox) (map[int64]*bmff.Track, error) {
	boxes := true // one leaf each, and a box for each
	for _, t := range k.tree {
		if t.fixed > 0 || t.variable != nil || len(proofs[[2]int64{t.unique, t.local}]) == 0 {
			return nil, nil
		}
		boxes = boxes && t.count == 1 && t.local < int64(mdats)
	}
	if boxes || len(k.tree) == 0 {
		return nil, nil
	}
	list, _, err := k.file.Tracks()
	if err != nil {
		return nil, err
	}
	tracks := make(map[int64]*bmff.Track, len(list))
	for i := range list {
		tracks[int64(list[i].ID)] = &list[i]
	}
	for _, t := range k.tree {
		if tracks[t.local] == nil {
			return nil, nil
		}
	}
	return tracks, nil
}

// tracks checks trees over the chunks of tracks. What no tree covers is found by the check of what is bound.
func (k *bmffCheck) tracks(tracks map[int64]*bmff.Track, proofs map[[2]int64][]proofBox) error {
	seen := map[int64]bool{}
	for _, t := range k.tree {
		if seen[t.local] {
			k.malformed("merkle[%d]: a second tree for track %d", t.index, t.local)
			continue
		}
		seen[t.local] = true
		if err := k.track(t, tracks[t.local], proofs[[2]int64{t.unique, t.local}]); err != nil {
			return err
		}
	}
	k.leaves = joined(k.leaves)
	k.note("the leaves are the chunks of tracks, which C2PA since 2.2 does not provide for")
	return nil
}

// track checks one tree: as many leaves as chunks, each with its proof, in the order of the track's tables.
func (k *bmffCheck) track(t *tree, track *bmff.Track, proofs []proofBox) error {
	if !k.proofsFit(t, track.Box, proofs) {
		return nil
	}
	l := layout{what: "track"} // as many ranges as there are proof boxes at most
	var outside *bmff.Run
	chunks := int64(0)
	problems, err := k.file.Chunks(track, func(r bmff.Run) error {
		switch {
		case r.Offset < 0 || r.Length < 0 || r.Offset > k.c.Size-r.Length:
			if outside == nil {
				outside = &r
			}
		case chunks < t.count:
			l.ranges = append(l.ranges, Range{r.Offset, r.Length})
		}
		chunks++
		return nil
	})
	hard := slices.IndexFunc(problems, func(p bmff.Problem) bool { return !p.Soft() })
	switch {
	case err != nil:
		return err
	case outside != nil:
		k.mismatch("chunks of track %d lie outside the file, the first at offset %d", track.ID, outside.Offset)
		return nil
	case hard >= 0:
		k.malformed("the tables of track %d contradict each other: %s", track.ID, problems[hard].Text)
		return nil
	case chunks != t.count:
		k.malformed("merkle[%d]: %d leaves for the %d chunks of track %d", t.index, t.count, chunks, track.ID)
		return nil
	}
	k.leaves = append(k.leaves, l.ranges...)
	for _, r := range joined(slices.Clone(l.ranges)) {
		k.b.Bound += r.Length
	}
	return k.hashLeaves(t, fmt.Sprintf("track %d", track.ID), l, proofs)
}

// joined sorts ranges and joins those that touch or overlap, in place.
func joined(list []Range) []Range {
	slices.SortFunc(list, func(a, b Range) int { return int(min(1, max(-1, a.Offset-b.Offset))) })
	n := 0
	for _, r := range list {
		if n > 0 && r.Offset <= list[n-1].Offset+list[n-1].Length {
			list[n-1].Length = max(list[n-1].Length, r.Offset+r.Length-list[n-1].Offset)
			continue
		}
		list[n] = r
		n++
	}
	return list[:n]
}
