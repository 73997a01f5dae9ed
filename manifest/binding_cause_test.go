package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// atEnd is a file whose movie box stands behind the media.
func atEnd() []piece {
	ps := []piece{skipped(ftypBox), skipped(mkStore("manifest")), skipped(mkbox("free", make([]byte, 40))), kept(mkbox("mdat", media(1000))), {}}
	at := len(file(ps[:3])) + 8
	ps[4] = kept(moovBox(at, at+10, at+500))
	return ps
}

// grown is a box with another one at its end.
func grown(box, kid []byte) []byte {
	return cat(u32(len(box)+len(kid)), box[4:], kid)
}

func TestCauses(t *testing.T) {
	ps, end := flatFile(), atEnd()
	good, late := file(ps), file(end)
	mdat, moov, free := at(good, "mdat", 0), at(good, "moov", 0), at(good, "free", 0)
	udta := mkbox("udta", mkbox("name", media(20)))
	zeros := slices.Clone(ps)
	zeros[2] = kept(ps[2].b)
	noFree := obj{"exclusions", slices.DeleteFunc(slices.Clone(exDefault), func(e any) bool { return e.(obj)[1] == "/free" }), "alg", "sha256", "name", "test"}

	rebuilt := func(offset int) []byte { // the movie box of good for media at an offset
		return moovBox(offset, offset+10, offset+500)
	}
	front := cat(late[:at(late, "free", 0)+48], rebuilt(at(late, "free", 0)+48+len(end[4].b)+8), end[3].b)
	tagged := cat(good[:moov], grown(rebuilt(mdat+8+len(udta)), udta), good[mdat:])
	space := mkbox("free", make([]byte, mdat-moov-8))
	roomy := slices.Insert(slices.Clone(end), 3, kept(space))
	roomy[5] = kept(moovBox(at(file(roomy), "mdat", 0)+8, at(file(roomy), "mdat", 0)+18, at(file(roomy), "mdat", 0)+508))
	wide := file(roomy)
	second := at(wide, "free", 1)
	for name, c := range map[string]struct {
		data []byte
		m    obj
		kind string
		from int // where the cause is; -1: not looked at
		text string
	}{
		"bytes-behind":                     {cat(good, media(9)), flatMap(ps), CauseAppended, len(good), "9 bytes were appended"},
		"a-box-behind":                     {cat(good, mkbox("abcd", media(9))), flatMap(ps), CauseAppended, len(good), "17 bytes were appended"},
		"a-second-movie-behind":            {cat(good, moovBox(), mkbox("mdat")), flatMap(ps), CauseAppended, len(good), "were appended"},
		"free-between":                     {cat(good[:mdat], mkbox("free", media(7)), good[mdat:]), flatMap(ps), CauseInserted, mdat, "/free[2] of 15 bytes"},
		"media-between":                    {cat(good[:moov], mkbox("mdat", media(7)), good[moov:]), flatMap(ps), CauseInserted, moov, "/mdat[1] of 15 bytes"},
		"free-taken-away":                  {cat(good[:free], good[moov:]), flatMap(ps), CauseShifted, -1, "48 bytes are missing in front of /moov[1]"},
		"bytes-taken-away-before-media":    {cat(good[:free], u32(40), good[free+4:free+40], good[moov:]), flatMap(ps), CauseShifted, -1, "8 bytes are missing"},
		"user-data-in-the-movie-behind":    {cat(late[:at(late, "moov", 0)], grown(end[4].b, udta)), flatMap(end), CauseMetadata, -1, "/moov[1]/udta[1] of 36 bytes was added"},
		"user-data-with-the-index-moved":   {tagged, flatMap(ps), CauseMetadata, -1, "/moov[1]/udta[1]"},
		"user-data-with-the-index-left":    {cat(good[:moov], grown(good[moov:mdat], udta), good[mdat:]), flatMap(ps), CauseMetadata, -1, "/moov[1]/udta[1]"},
		"movie-moved-to-the-front":         {front, flatMap(end), CauseRewrite, -1, "from the end of the file to its front and its index rewritten"},
		"movie-moved-with-its-index-wrong": {cat(late[:at(late, "mdat", 0)], end[4].b, end[3].b), flatMap(end), CauseRewrite, -1, "from the end of the file to its front,"},
		"movie-moved-to-the-end":           {cat(good[:moov], good[mdat:], rebuilt(moov+8)), flatMap(ps), CauseRewrite, -1, "from the front of the file to its end and its index rewritten"},
		"movie-moved-and-room-left":        {cat(good[:moov], space, good[mdat:], good[moov:mdat]), flatMap(ps), CauseRewrite, -1, "moved from where /free[2] is now to offset"},
		"movie-moved-into-room":            {cat(wide[:second], roomy[5].b, roomy[4].b), flatMap(roomy), CauseRewrite, -1, "moved from the end of the file to the place of a free box"},
		"store-moved-to-the-end":           {cat(good[:at(good, "uuid", 0)], good[free:], ps[1].b), flatMap(ps), CauseMoved, -1, "was box 2 of the file"},
		"free-filled":                      {flip(file(zeros), free+20), noFree.with("hash", sha(hashed(zeros, 0))), CausePadding, free, "only the content of free space"},
		"a-bit-of-the-media":               {flip(good, mdat+50), flatMap(ps), "", 0, ""},
		"a-bit-of-the-media-and-more":      {cat(flip(good, mdat+50), media(9)), flatMap(ps), "", 0, ""},
		"another-file":                     {cat(late[:at(late, "mdat", 0)], mkbox("mdat", media(999)), end[4].b), flatMap(ps), "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := check(t, c.data, c.m, "2.4")
			if b.State != BindingAltered {
				t.Fatalf("%s: %v", b.State, texts(b.Findings))
			}
			switch {
			case c.kind == "" && b.Cause != nil:
				t.Errorf("%+v", b.Cause)
			case c.kind != "" && (b.Cause == nil || b.Cause.Kind != c.kind || !strings.Contains(b.Cause.Explanation, c.text)):
				t.Errorf("%+v, expected %s", b.Cause, c.kind)
			case c.kind != "" && c.from >= 0 && b.Cause.Offset != int64(c.from):
				t.Errorf("at %d, expected %d", b.Cause.Offset, c.from)
			case c.kind == CauseAppended && (len(b.Damage) != 1 || b.Damage[0].Offset != int64(len(good)) || b.Damage[0].Length != int64(len(c.data)-len(good))):
				t.Errorf("damage %v", b.Damage)
			}
		})
	}
}

// counting counts what is read of a file.
type counting struct {
	*bytes.Reader
	n *int64
}

// ReadAt reads and counts.
func (c counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	*c.n += int64(n)
	return n, err
}

func TestCausesHaveLimits(t *testing.T) {
	wide := func(n int) []byte { // a file of n boxes
		out := slices.Clone(ftypBox)
		for range n - 2 {
			out = append(out, mkbox("abcd")...)
		}
		return append(out, mkStore("manifest")...)
	}
	m := flatMap(flatFile())
	for name, c := range map[string]struct {
		data []byte
		told bool
	}{
		"4096-boxes": {wide(maxCauseBoxes), false},
		"4097-boxes": {wide(maxCauseBoxes + 1), true},
	} {
		b := check(t, c.data, m, "2.4")
		told := slices.ContainsFunc(b.Missing, func(n report.NotChecked) bool { return n.What == causeUnproved })
		if b.State != BindingAltered || told != c.told {
			t.Errorf("%s: %s, %v", name, b.State, b.Missing)
		}
	}
	// What is tried is bounded, whatever the boxes are: 40 MiB with many places to look at.
	large := cat(wide(40), mkbox("mdat", make([]byte, 40<<20)), moovBox(), mkbox("free"))
	var n int64
	r := counting{bytes.NewReader(large), &n}
	l, err := Locate(context.Background(), r, int64(len(large)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(large)), Located: l}, "c2pa.hash.bmff.v3", "", cb(m), "", "2.4")
	if err != nil {
		t.Fatal(err)
	}
	if told := slices.ContainsFunc(b.Missing, func(n report.NotChecked) bool { return n.What == causeUnproved }); !told || b.Cause != nil {
		t.Errorf("%v, %v", b.Missing, b.Cause)
	}
	if most := int64(maxCauseBytes + 3*len(large)); n > most {
		t.Errorf("%d MiB were read, at most %d", n>>20, most>>20)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k := &bmffCheck{ctx: ctx, c: &Content{Data: r, Size: int64(len(large)), Located: l}, b: &Binding{}, file: l.File, matcher: newMatcher(l.File, nil), m: &bmffMap{}}
	k.newHash, _ = hashAlgorithm("sha256")
	if err := k.findCause(); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// sparseBoxes is a file of equal boxes of free space: what lies between their heads is nowhere.
type sparseBoxes struct {
	size int
	all  int64
}

// ReadAt gives heads of boxes, and zeros.
func (s sparseBoxes) ReadAt(p []byte, at int64) (int, error) {
	n := min(len(p), int(s.all-at))
	clear(p)
	head := cat(u32(s.size), []byte("free"))
	for i := range n {
		if in := (at + int64(i)) % int64(s.size); in < 8 {
			p[i] = head[in]
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestPaddingTakesNoMemoryBeyondItsLimit(t *testing.T) {
	r := sparseBoxes{maxCauseMovie, 64 * maxCauseMovie}
	boxes, err := bmff.Walk(r, r.all, bmff.Limits{})
	if err != nil || len(boxes.Boxes) != 64 {
		t.Fatalf("%v", err)
	}
	c := &causes{k: &bmffCheck{file: boxes, b: &Binding{}}, left: maxCauseBytes, need: r.all}
	for _, b := range boxes.Boxes {
		c.all = append(c.all, slab{box: b, size: b.Size, marked: true, steps: []hashplan.Step{{Offset: b.Offset, Length: b.Size, Prefix: hashplan.None}}})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cause, err := c.padding()
	runtime.ReadMemStats(&after)
	if cause != nil || err != nil {
		t.Errorf("%+v, %v", cause, err)
	}
	// The race detector counts some of it twice; all boxes together have 1 GiB.
	if took := after.TotalAlloc - before.TotalAlloc; took > 4*maxCauseMovie {
		t.Errorf("%d MiB were taken", took>>20)
	}
}

// FuzzCauses: whatever the file, a cause is only told where undoing it gives what was signed, and lies in the file.
func FuzzCauses(f *testing.F) {
	ps := flatFile()
	good := file(ps)
	for _, seed := range [][]byte{good, cat(good, media(9)), cat(good[:200], mkbox("free"), good[200:]), file(atEnd()), good[:300], cat(good, moovBox(1, 2, 3))} {
		f.Add(seed)
	}
	m := cb(flatMap(ps))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		l, err := Locate(context.Background(), r, int64(len(data)), Limits{})
		if err != nil || l.File == nil {
			return
		}
		b, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(data)), Located: l}, "c2pa.hash.bmff.v3", "", m, "", "2.4")
		if err != nil {
			return
		}
		if c := b.Cause; c != nil {
			if b.State != BindingAltered || c.Offset < 0 || c.Length <= 0 || c.Explanation == "" {
				t.Errorf("%s: %+v", b.State, c)
			}
			if c.Kind == CauseAppended && len(b.Damage) != 1 {
				t.Errorf("%v", b.Damage)
			}
		}
		for _, root := range l.File.Boxes {
			if root.Type == bmff.Mdat && b.State == BindingIntact && !bytes.Equal(data[root.Payload():root.End()], good[len(good)-1000:]) {
				t.Error("other media are intact")
			}
		}
	})
}
