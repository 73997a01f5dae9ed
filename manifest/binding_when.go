package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/report"
)

// maxDamageTracks bounds the tracks that are named for one damaged range; what people look at has two or three.
const maxDamageTracks = 16

// timing is what tells when the fragments of an initialization segment are shown.
type timing struct {
	tracks    []bmff.Track
	durations map[uint32]uint32
}

func timingOf(f *bmff.File) (*timing, error) {
	tracks, _, err := f.Tracks()
	if err != nil {
		return nil, err
	}
	d, err := f.Durations()
	return &timing{tracks, d}, err
}

// when adds to the damage in media data whose tracks they are of, and when that is shown. What was damaged outside of
// media data has no time, nor has damage that nobody can place.
func (k *bmffCheck) when() error {
	placed := func(d *report.Damage) bool {
		return strings.HasPrefix(d.Where, "/mdat[") || strings.HasPrefix(d.Where, "fragment ")
	}
	if len(k.c.Parts) > 0 || !slices.ContainsFunc(k.b.Damage, func(d report.Damage) bool { return placed(&d) }) {
		return nil
	}
	t, err := timingOf(k.file)
	if err != nil {
		return err
	}
	var list []*report.Damage // in the order of the file
	for i := range k.b.Damage {
		if d := &k.b.Damage[i]; placed(d) {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b *report.Damage) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	visit := func(s bmff.Timed) error {
		// Damaged ranges do not overlap: those of one tree are its leaves, and each tree has its own box.
		i, _ := slices.BinarySearchFunc(list, s.Offset, func(d *report.Damage, at int64) int { return int(min(max(d.Offset+d.Length-at-1, -1), 1)) })
		for ; i < len(list) && list[i].Offset < s.Offset+s.Length; i++ {
			if list[i].Offset+list[i].Length > s.Offset {
				shown(list[i], s)
			}
		}
		return k.ctx.Err()
	}
	for i := range t.tracks {
		if err := k.file.Samples(&t.tracks[i], visit); err != nil {
			return err
		}
	}
	for _, b := range k.file.Boxes {
		if b.Type != bmff.Moof || !slices.ContainsFunc(list, func(d *report.Damage) bool { return d.Offset <= b.Offset && b.Offset < d.Offset+d.Length }) {
			continue
		}
		if err := k.file.Fragment(b, t.tracks, t.durations, visit); err != nil {
			return err
		}
	}
	return nil
}

// shown widens the time of a damaged range by that of media data in it.
func shown(d *report.Damage, s bmff.Timed) {
	for i := range d.Shown {
		if x := &d.Shown[i]; x.Track == int64(s.Track) {
			x.StartMs, x.EndMs = min(x.StartMs, s.StartMs), max(x.EndMs, s.EndMs)
			return
		}
	}
	if len(d.Shown) < maxDamageTracks {
		d.Shown = append(d.Shown, report.Shown{Track: int64(s.Track), StartMs: s.StartMs, EndMs: max(s.StartMs, s.EndMs)})
	}
}

// partDamage notes that a file of a set is not as signed, and when what it holds is shown.
func (s *setCheck) partDamage(given *Part) error {
	n := len(s.b.Damage)
	s.damage(given.Name, 0, given.Size)
	t := s.timing[given.Rendition]
	if len(s.b.Damage) == n || t == nil {
		return nil // the list is full
	}
	f, err := bmff.Walk(given.Data, given.Size, bmff.Limits{})
	if err != nil {
		return fmt.Errorf("%s: %w", given.Name, err)
	}
	d := &s.b.Damage[n]
	for _, b := range f.Find(bmff.Moof) {
		if err := f.Fragment(b, t.tracks, t.durations, func(x bmff.Timed) error { shown(d, x); return s.ctx.Err() }); err != nil {
			return err
		}
	}
	return nil
}
