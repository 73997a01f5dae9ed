package persons

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/region"
	"github.com/consentry/consentry/report"
)

// Answer is what was seen, held against the entries of a declaration.
type Answer struct {
	Persons report.Persons
	// Spans are when the faces of each entry were seen.
	Spans map[string][]report.Span
	// Partly are the entries that were seen, though no track is theirs.
	Partly []string
	// Counted are the entries without a region: their faces were counted and not placed.
	Counted []string

	rows   []linkRow // of all tracks, for [Answer.Linker]
	groups map[string]bool
}

// Against holds the tracks against the entries that a declaration names. boxes asks for the box of every sight.
//
// A region speaks of the video track that players show; of a further one only if it names that track. C2PA 2.5, 16.9.2
// leaves open which track is meant.
func (s *Seen) Against(entries []Entry, boxes bool) *Answer {
	h := holding{entries: entries, boxes: boxes, met: map[int]bool{}, partly: map[int]bool{}, out: &Answer{Spans: map[string][]report.Span{}, groups: map[string]bool{}}}
	p := &h.out.Persons
	*p = report.Persons{
		Status: s.Status, FramesTotal: s.FramesTotal, FramesAnalysed: s.FramesAnalysed, FramesFailed: s.FramesFailed,
		FramesLarge: s.FramesLarge, MinFacePx: s.MinFace, MinBriefFacePx: s.MinBrief, Shots: s.Shots, Dropped: s.Dropped,
		NotSeen: []string{},
	}
	p.Tracks, p.Undeclared = h.tracks(s, entries)
	reasons := []string{s.Reason}
	for _, o := range s.Others {
		t := report.VideoTrackPersons{
			Track: o.trackID, Status: o.Status, FramesTotal: o.FramesTotal, FramesAnalysed: o.FramesAnalysed, FramesFailed: o.FramesFailed,
		}
		t.Tracks, t.Undeclared = h.tracks(o, naming(entries))
		if o.Reason != "" {
			t.Reason = &o.Reason
			reasons = append(reasons, fmt.Sprintf("video track %d: %s", o.trackID, o.Reason))
		}
		if o.Status != StatusAnalysed && p.Status == StatusAnalysed {
			p.Status = StatusPartial
		}
		p.VideoTracks = append(p.VideoTracks, t)
	}
	if h.costly {
		p.Status = StatusPartial
		reasons = append(reasons, "limit: the declared regions are too costly to hold against the faces")
	}
	if reason := strings.Join(slices.DeleteFunc(reasons, func(r string) bool { return r == "" }), "; "); reason != "" {
		p.Reason = &reason
	}
	h.rest()
	return h.out
}

// naming are the entries as far as they can speak of a further video track: with the regions that name a track.
func naming(entries []Entry) []Entry {
	out := slices.Clone(entries)
	for i, e := range out {
		if len(e.Regions) == 0 {
			continue // anywhere at any time
		}
		out[i].Regions = []*region.Region{nil} // contains nothing: an entry without a region would be everywhere
		for _, r := range e.Regions {
			if r != nil && slices.ContainsFunc(r.Ranges, func(x region.Range) bool { return x.Type == region.Identified }) {
				out[i].Regions = append(out[i].Regions, r)
			}
		}
	}
	return out
}

// holding holds the tracks of one video track after the other against the same entries.
type holding struct {
	entries     []Entry
	boxes       bool
	out         *Answer
	met, partly map[int]bool // by entry
	last        int          // number of a track
	costly      bool         // the regions were too many to be held against all
}

// tracks holds those of one video track against entries, which are in the order of h.entries.
func (h *holding) tracks(s *Seen, entries []Entry) (rows []report.PersonTrack, undeclared []int) {
	rows, undeclared = []report.PersonTrack{}, []int{}
	c := newCover(entries, s.width, s.height, s.trackID, s.times)
	tracks, partly := c.judge(s.tracks, func(t *track) bool { return s.class(t) == ClassConfirmed })
	h.costly = h.costly || c.points < 0
	for i := range partly {
		h.partly[i] = true
	}
	for _, t := range tracks {
		h.last++
		row := s.row(h.last, t, h.boxes)
		if t.person >= 0 {
			h.met[t.person] = true
			id := entries[t.person].ID
			row.Person = &id
			h.out.Spans[id] = append(h.out.Spans[id], report.Span{StartMs: row.StartMs, EndMs: row.EndMs})
		} else if t.confirmed {
			undeclared = append(undeclared, row.ID)
		}
		rows = append(rows, row)
		h.out.rows = append(h.out.rows, linkRow{of: s, track: t, id: row.ID, person: row.Person})
	}
	return rows, undeclared
}

// rest says of each entry that no face is whose it is.
func (h *holding) rest() {
	for i, e := range h.entries {
		switch {
		case h.met[i]:
		case h.partly[i]:
			h.out.Partly = append(h.out.Partly, e.ID)
		default:
			h.out.Persons.NotSeen = append(h.out.Persons.NotSeen, e.ID)
		}
		if e.Group {
			h.out.groups[e.ID] = true
		}
		if len(e.Regions) == 0 {
			h.out.Counted = append(h.out.Counted, e.ID)
		}
	}
	h.out.Persons.Counted = h.out.Counted
}
