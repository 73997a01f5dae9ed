package manifest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

// timed says in short where damage is and when that is shown.
func timed(b *Binding) string {
	var out []string
	for _, d := range b.Damage {
		text := d.Where
		for _, s := range d.Shown {
			text += fmt.Sprintf(" track %d %d-%d", s.Track, s.StartMs, s.EndMs)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// TestDamageHasATimeCode: damaged blocks and fragments name the track and when it is shown.
func TestDamageHasATimeCode(t *testing.T) {
	blocks := forge.Make(forge.Recipe{Container: forge.Container{LargeMdat: true}, Merkle: &forge.Merkle{Block: 100}})
	single := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: 5}})
	span := func(b *forge.Built, typ string, n int) forge.Span {
		for _, s := range b.Roots {
			if s.Type == typ {
				if n == 0 {
					return s
				}
				n--
			}
		}
		panic("no " + typ)
	}
	mdat, fourth := span(blocks, "mdat", 0), span(single, "mdat", 3)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"the-first-block":   {flip(blocks.Data, int(mdat.Offset)+20), "/mdat[1] track 1 0-100"},
		"the-last-block":    {flip(blocks.Data, int(mdat.Offset+mdat.Size)-1), "/mdat[1] track 2 500-600"},
		"the-movie":         {flip(blocks.Data, int(span(blocks, "moov", 0).Offset)+40), "somewhere outside the media data"},
		"a-fragment":        {flip(single.Data, int(fourth.Offset)+20), "fragment 3 track 1 900-1200"},
		"the-opening":       {flip(single.Data, int(span(single, "moov", 0).Offset)+40), "initialization segment"},
		"text-behind":       {cat(single.Data, []byte("some text behind the end")), "behind fragment 4"},
		"bytes-behind":      {cat(single.Data, []byte("abc")), "behind fragment 4"},
		"a-box-in-between":  {cat(single.Data[:fourth.Offset+fourth.Size], mkbox("abcd"), single.Data[fourth.Offset+fourth.Size:]), "fragment 3 track 1 900-1200; fragment 4 track 1 1200-1500"},
		"text-behind-block": {cat(blocks.Data, []byte("some text behind the end")), "behind what was signed"},
	} {
		t.Run(name, func(t *testing.T) {
			b := heldAgainst(t, c.data)
			if got := timed(b); got != c.want {
				t.Errorf("%q, expected %q: %v %+v", got, c.want, texts(b.Findings), b.Cause)
			}
		})
	}
	set := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: 5, Set: true}})
	set.Parts[3] = flip(set.Parts[3], len(set.Parts[3])-20)
	set.Parts[1] = append(set.Parts[1], "some text behind the end"...)
	l, err := Locate(context.Background(), bytes.NewReader(set.Data), int64(len(set.Data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(l.Store, nil, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Content{Data: bytes.NewReader(set.Data), Size: int64(len(set.Data)), Located: l}
	for i, p := range set.Parts {
		c.Parts = append(c.Parts, Part{Name: fmt.Sprint(i), Data: bytes.NewReader(p), Size: int64(len(p))})
	}
	r, err := s.Validate(context.Background(), c, Options{Now: forge.Clock})
	if err != nil {
		t.Fatal(err)
	}
	if got := timed(r.Binding); got != "1 track 1 300-600; 3 track 1 900-1200" {
		t.Errorf("%q: %v", got, texts(r.Binding.Findings))
	}
	if why := r.Binding.Parts[1].Why; !strings.Contains(why, "24 bytes were appended") {
		t.Error(why)
	}
}

func TestShownTracksAreCounted(t *testing.T) {
	var d report.Damage
	for n := range maxDamageTracks + 1 {
		shown(&d, bmff.Timed{Run: bmff.Run{Track: uint32(n)}, StartMs: 5, EndMs: 9})
		if want := min(n+1, maxDamageTracks); len(d.Shown) != want {
			t.Errorf("%d tracks of %d, expected %d", len(d.Shown), n+1, want)
		}
	}
	if shown(&d, bmff.Timed{Run: bmff.Run{Track: 3}, StartMs: 2, EndMs: 12}); d.Shown[3] != (report.Shown{Track: 3, StartMs: 2, EndMs: 12}) {
		t.Errorf("%+v", d.Shown[3])
	}
}
