package manifest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

// heldAgainst judges the binding of a file's manifest after the file was changed.
func heldAgainst(t *testing.T, data []byte) *Binding {
	t.Helper()
	l, err := Locate(context.Background(), bytes.NewReader(data), int64(len(data)), Limits{})
	if err != nil || l.Store == nil {
		t.Fatalf("%v: %+v", err, l)
	}
	s, err := Parse(l.Store, nil, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Validate(context.Background(), &Content{Data: bytes.NewReader(data), Size: int64(len(data)), Located: l}, Options{Now: forge.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return r.Binding
}

// box is where a box of a file of the forge lies.
func boxOf(p forge.Places, name string) forge.Span {
	for _, b := range p.Boxes {
		if b.Type == name {
			return b
		}
	}
	panic("no box " + name)
}

// spliced puts bytes in the place of a range.
func spliced(b []byte, at, length int64, more ...[]byte) []byte {
	return cat(b[:at], cat(more...), b[at+length:])
}

// partChanges are changes of files that are no BMFF files, with the cause that explains each; empty: none does. The
// causes of a boxes hash, which can tell more, come second.
var partChanges = []struct {
	name, kind  string
	edit        func(p forge.Places) []byte
	data, boxes string
}{
	{"text behind the end", "avi", behind("a line of text"), CauseAppended, CauseAppended},
	{"text behind the end", "wav", behind("a line of text"), CauseAppended, CauseAppended},
	{"text behind the end", "webp", behind("x"), CauseAppended, CauseAppended},
	{"text behind the end", "mp3", behind("a line of text"), CauseAppended, ""},
	{"text behind the end", "flac", behind("a line of text"), CauseAppended, ""},
	{"text behind the end", "ogg", behind("a line of text"), CauseAppended, CauseAppended},
	{"text behind the end", "jpeg", behind("a line of text"), CauseAppended, CauseAppended},
	{"text behind the end", "png", behind("a line of text"), CauseAppended, CauseAppended},
	{"a second picture behind the end", "jpeg", func(p forge.Places) []byte { return cat(p.Data, p.Data) }, CauseAppended, CauseAppended},
	{"an old tag behind the sound", "mp3", behind("TAG" + strings.Repeat("x", 125)), CauseAppended, ""},
	{"a comment", "jpeg", putIn("DQT", []byte("\xff\xfe\x00\x09comment")), CauseMetadata, CauseMetadata},
	{"a comment before the store", "jpeg", putIn("C2PA", []byte("\xff\xfe\x00\x09comment")), CauseMetadata, CauseMetadata},
	{"two segments with metadata", "jpeg", putIn("DQT", []byte("\xff\xfe\x00\x09comment\xff\xe1\x00\x08Exif\x00\x00")), CauseMetadata, CauseMetadata},
	{"two segments apart", "jpeg", func(p forge.Places) []byte {
		return putIn("C2PA", []byte("\xff\xfe\x00\x09comment"))(forge.Places{Data: putIn("SOF0", []byte("\xff\xe1\x00\x08Exif\x00\x00"))(p), Boxes: p.Boxes})
	}, CauseMetadata, ""},
	{"another table", "jpeg", putIn("SOF0", []byte("\xff\xdb\x00\x04ab")), CauseInserted, CauseInserted},
	{"a chunk of text", "png", putIn("IDAT", pngChunkOf("tEXt", "Comment\x00hello")), CauseMetadata, CauseMetadata},
	{"a chunk of text before the store", "png", putIn("C2PA", pngChunkOf("tIME", "1234567")), CauseMetadata, CauseMetadata},
	{"more pixels", "png", putIn("IEND", pngChunkOf("IDAT", "pixels")), CauseInserted, CauseInserted},
	{"a list of information", "wav", riffWith("LIST\x0c\x00\x00\x00INFOINAM\x00\x00\x00\x00"), CauseMetadata, CauseMetadata},
	{"a chunk of its own", "avi", riffWith("abcd\x04\x00\x00\x00abcd"), CauseInserted, CauseInserted},
	{"a chunk of its own that is not counted", "avi", func(p forge.Places) []byte {
		return cat(p.Data, []byte("RIFF\x0c\x00\x00\x00AVIXabcd\x00\x00\x00\x00"))
	}, CauseAppended, CauseInserted},
	{"a frame for which the tag has grown", "mp3", tagWith(true), CauseMetadata, ""},
	{"a frame that was taken from the padding", "flac", tagWith(false), CauseMetadata, ""},
	{"padding that was filled", "mp3", func(p forge.Places) []byte { return spliced(p.Data, p.Media.Offset-20, 4, []byte("fill")) }, CausePadding, ""},
	{"the store moved to the end", "png", storeBefore("IEND"), CauseMoved, CauseMoved},
	{"the store moved to the front", "png", storeBefore("IHDR"), CauseMoved, CauseMoved},
	{"the store moved to the front", "wav", storeBefore("fmt "), CauseMoved, CauseMoved},
	{"a segment taken out", "jpeg", takenOut("DQT"), "", CauseMissing},
	{"a chunk taken out", "png", takenOut("IDAT"), "", CauseMissing},
	{"the last segment taken out", "jpeg", takenOut("EOI"), CauseCutOff, CauseMissing},
	{"half of the last mark cut off", "jpeg", cutBy(1), CauseCutOff, ""},
	{"the last chunk cut off", "png", takenOut("IEND"), CauseCutOff, CauseMissing},
	{"a byte cut off", "png", cutBy(1), CauseCutOff, ""},
	{"more than the last chunk cut off", "png", cutBy(13), "", ""},
	{"the end of the sound cut off", "mp3", cutBy(1), "", ""},
	{"two segments taken out", "jpeg", func(p forge.Places) []byte {
		from, to := boxOf(p, "DQT"), boxOf(p, "SOF0")
		return spliced(p.Data, from.Offset, to.Offset+to.Size-from.Offset)
	}, "", CauseMissing},
	{"a bit of the picture", "png", func(p forge.Places) []byte { return flip(p.Data, int(p.Media.Offset)+9) }, "", CauseChanged},
	{"a bit of the sound", "wav", func(p forge.Places) []byte { return flip(p.Data, int(p.Media.Offset)+9) }, "", CauseChanged},
	{"a bit of the sound and text behind", "wav", func(p forge.Places) []byte { return cat(flip(p.Data, int(p.Media.Offset)+9), []byte("text")) }, "", ""},
	{"a comment and a bit of the picture", "png", func(p forge.Places) []byte {
		return putIn("IEND", pngChunkOf("tEXt", "hello"))(forge.Places{Data: flip(p.Data, int(p.Media.Offset)+9), Boxes: p.Boxes})
	}, "", ""},
}

func behind(text string) func(forge.Places) []byte {
	return func(p forge.Places) []byte { return cat(p.Data, []byte(text)) }
}

func putIn(before string, more []byte) func(forge.Places) []byte {
	return func(p forge.Places) []byte { return spliced(p.Data, boxOf(p, before).Offset, 0, more) }
}

func cutBy(n int) func(forge.Places) []byte {
	return func(p forge.Places) []byte { return bytes.Clone(p.Data[:len(p.Data)-n]) }
}

func takenOut(name string) func(forge.Places) []byte {
	return func(p forge.Places) []byte {
		b := boxOf(p, name)
		return spliced(p.Data, b.Offset, b.Size)
	}
}

func pngChunkOf(typ, data string) []byte {
	return cat(u32(len(data)), []byte(typ), []byte(data), u32(0))
}

// riffWith puts a chunk in front of the media, and counts it in the size of the whole.
func riffWith(chunk string) func(forge.Places) []byte {
	return func(p forge.Places) []byte {
		out := spliced(p.Data, p.Boxes[1].Offset, 0, []byte(chunk))
		return cat(out[:4], riffSize(out[4:8], int64(len(chunk))), out[8:])
	}
}

// tagWith puts a frame in front of the others, with room made for it or taken from the padding.
func tagWith(grown bool) func(forge.Places) []byte {
	return func(p forge.Places) []byte {
		frame := cat([]byte("TPE1\x00\x00\x00\x05\x00\x00\x00name"))
		out := spliced(p.Data, 10, 0, frame)
		if grown {
			size, _ := tagSize(p.Data[6:10], int64(len(frame)))
			return cat(out[:6], size, out[10:])
		}
		end := p.Inner.Offset + p.Inner.Length + int64(len(frame))
		return spliced(out, end, int64(len(frame)))
	}
}

// storeBefore moves the part that carries the store.
func storeBefore(name string) func(forge.Places) []byte {
	return func(p forge.Places) []byte {
		s, to := p.Store[0], boxOf(p, name).Offset
		store := p.Data[s.Offset : s.Offset+s.Length]
		if to < s.Offset {
			return cat(p.Data[:to], store, p.Data[to:s.Offset], p.Data[s.Offset+s.Length:])
		}
		return cat(p.Data[:s.Offset], p.Data[s.Offset+s.Length:to], store, p.Data[to:])
	}
}

// TestCausesInFilesThatAreNoBMFF: what explains a hash that differs is told where undoing it gives what was signed, and
// nothing is told elsewhere.
func TestCausesInFilesThatAreNoBMFF(t *testing.T) {
	for _, c := range partChanges {
		for _, boxed := range []bool{false, true} {
			kind, how := c.data, " by bytes"
			if boxed {
				kind, how = c.boxes, " by boxes"
				if c.kind == "mp3" || c.kind == "flac" {
					continue // no boxes are defined
				}
			}
			t.Run(c.kind+", "+c.name+how, func(t *testing.T) {
				made := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: c.kind, Boxes: boxed}})
				if b := heldAgainst(t, made.Data); b.State != BindingIntact {
					t.Fatalf("before the change: %v", texts(b.Findings))
				}
				data := c.edit(made.Places)
				b := heldAgainst(t, data)
				switch {
				case b.State != BindingAltered || len(b.Damage) == 0:
					t.Errorf("%s, damage %v: %v", b.State, b.Damage, texts(b.Findings))
				case kind == "" && b.Cause != nil:
					t.Errorf("%+v", b.Cause)
				case kind != "" && (b.Cause == nil || b.Cause.Kind != kind):
					t.Errorf("%+v, expected %s: %v", b.Cause, kind, texts(b.Findings))
				case kind != "" && (kind != CauseCutOff && b.Cause.Offset+b.Cause.Length > int64(len(data)) || b.Cause.Offset > int64(len(data)) || !slices.ContainsFunc(b.Findings, func(f report.Finding) bool { return strings.Contains(f.Explanation, b.Cause.Explanation) })):
					t.Errorf("%+v is not in %v", b.Cause, texts(b.Findings))
				}
			})
		}
	}
}

// TestCausesOfPartsHaveLimits: what is hashed in search of a cause does not depend on how many parts a file has.
func TestCausesOfPartsHaveLimits(t *testing.T) {
	made := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "png"}})
	at := boxOf(made.Places, "IDAT").Offset
	many := func(n int) []byte {
		have := len(made.Places.Boxes)
		return flip(spliced(made.Data, at, 0, bytes.Repeat(pngChunkOf("tEXt", "x"), n-have)), len(made.Data)+13*(n-have)-30)
	}
	for n, told := range map[int]bool{maxCauseBoxes: false, maxCauseBoxes + 1: true} {
		b := heldAgainst(t, many(n))
		if got := slices.ContainsFunc(b.Missing, func(n report.NotChecked) bool { return n.What == causeUnproved }); got != told || b.State != BindingAltered || b.Cause != nil {
			t.Errorf("%d parts: %v, %+v", n, b.Missing, b.Cause)
		}
	}
	// 40 MiB of picture with many chunks to look at.
	large := flip(spliced(made.Data, at, 0, bytes.Repeat(pngChunkOf("tEXt", "x"), 40), pngChunkOf("IDAT", string(make([]byte, 40<<20)))), 20)
	var read int64
	r := counting{bytes.NewReader(large), &read}
	l, err := Locate(context.Background(), r, int64(len(large)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	read = 0
	newHash, _ := hashAlgorithm("sha256")
	k := &spanCheck{ctx: context.Background(), c: &Content{Data: r, Size: int64(len(large)), Located: l}, b: &Binding{}, newHash: newHash}
	if err := k.findDataCause(nil, make([]byte, 32), nil); err != nil {
		t.Fatal(err)
	}
	if told := slices.ContainsFunc(k.b.Missing, func(n report.NotChecked) bool { return n.What == causeUnproved }); !told || k.b.Cause != nil {
		t.Errorf("%v, %v", k.b.Missing, k.b.Cause)
	}
	if most := int64(maxCauseBytes + 2*len(large)); read > most || read < maxCauseBytes/2 {
		t.Errorf("%d MiB were read, at most %d", read>>20, most>>20)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k.ctx = ctx
	if err := k.findDataCause(nil, make([]byte, 32), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTheLastBytesAreTriedOneByOne: the end of what was signed is found up to a distance from the end of the file.
func TestTheLastBytesAreTriedOneByOne(t *testing.T) {
	made := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "mp3"}})
	for n, kind := range map[int]string{maxCauseTail: CauseAppended, maxCauseTail + 1: ""} {
		b := heldAgainst(t, cat(made.Data, bytes.Repeat([]byte("x"), n)))
		if got := b.Cause; got == nil && kind != "" || got != nil && (got.Kind != kind || got.Length != int64(n)) {
			t.Errorf("%d bytes: %+v", n, got)
		}
	}
}

// TestWhatIsGone: of bytes that were taken out those are found that can be known: zeros at the end, and free space in
// front of the manifest. Of others the file's own words are told, and that they prove nothing.
func TestWhatIsGone(t *testing.T) {
	riff := func(junk int) forge.Places {
		return forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "wav", Lay: func(store []byte) forge.Places {
			b := cat([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"))
			p := forge.Places{Boxes: []forge.Span{{Type: "JUNK", Offset: int64(len(b)), Size: int64(8 + junk)}}}
			b = cat(b, forge.RIFFChunk("JUNK", string(make([]byte, junk))), forge.RIFFChunk("data", strings.Repeat("sound", 80)))
			part := forge.RIFFChunk("C2PA", string(store))
			p.Store = []forge.Range{{Offset: int64(len(b)), Length: int64(len(part))}}
			p.Inner = forge.Range{Offset: int64(len(b)) + 8, Length: int64(len(store))}
			p.Data = cat(b, part)
			p.Data = cat(p.Data[:4], riffSize(make([]byte, 4), int64(len(p.Data)-8)), p.Data[8:])
			return p
		}}}).Places
	}
	zeros := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "mp3", After: make([]byte, maxCauseTail+1)}}).Data
	spare, small := riff(100), riff(2)
	counted := func(p forge.Places) []byte { // the size of the whole follows
		out := takenOut("JUNK")(p)
		return cat(out[:4], riffSize(out[4:8], -p.Boxes[0].Size), out[8:])
	}
	shrunk := spliced(spare.Data, spare.Boxes[0].Offset+4, 104, []byte{20, 0, 0, 0}, make([]byte, 20))
	copy(shrunk[4:], riffSize(spare.Data[4:8], -80))
	sound := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "png"}}).Places
	idat := boxOf(sound, "IDAT")
	for _, c := range []struct {
		name string
		data []byte
		kind string
		n    int64
		said string
	}{
		{"a zero at the end", zeros[:len(zeros)-1], CauseCutOff, 1, ""},
		{"as many zeros as are tried", zeros[:len(zeros)-maxCauseTail], CauseCutOff, maxCauseTail, ""},
		{"one more zero", zeros[:len(zeros)-maxCauseTail-1], "", 0, ""},
		{"free space, and the size of the whole", counted(spare), CauseShifted, 108, ""},
		{"free space, and not the size of the whole", takenOut("JUNK")(spare), CauseShifted, 108, ""},
		{"little free space", counted(small), CauseShifted, 10, ""},
		{"some of the free space", shrunk, "", 0, "80 bytes are missing in front of what carries the manifest"},
		{"a piece of the last chunks", sound.Data[:idat.Offset+40], "", 0, "bytes are missing at the end of the file: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := heldAgainst(t, c.data)
			if got := b.Cause; got == nil && c.kind != "" || got != nil && (got.Kind != c.kind || got.Length != c.n) {
				t.Errorf("cause %+v", got)
			}
			said := ""
			for _, n := range b.Missing {
				said += n.Why
			}
			if b.State != BindingAltered || !strings.Contains(said, c.said) || c.said == "" && said != "" {
				t.Errorf("%s: %q", b.State, said)
			}
			if (c.said != "" || c.kind != "") && (len(b.Damage) == 0 || b.Damage[0].Length != 0) {
				t.Errorf("damage %+v", b.Damage)
			}
		})
	}
}

// FuzzPartCauses: whatever becomes of a file, a cause is told only of one that differs, and lies in it.
func FuzzPartCauses(f *testing.F) {
	for _, kind := range []string{"wav", "mp3", "jpeg", "png", "ogg"} {
		for _, c := range partChanges {
			if c.kind == kind {
				f.Add(kind, c.edit(forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: kind}}).Places), true)
				break
			}
		}
	}
	stores := map[string]*Content{}
	for _, kind := range []string{"wav", "mp3", "jpeg", "png", "ogg"} {
		_, stores[kind] = located(f, forge.Recipe{Carrier: &forge.Carrier{Kind: kind}})
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte, boxes bool) {
		if len(data) > 1<<16 {
			return
		}
		l, err := Locate(context.Background(), bytes.NewReader(data), int64(len(data)), Limits{})
		if err != nil || l.Parts == nil {
			return
		}
		b := &Binding{}
		sum, _ := hashAlgorithm("sha256")
		k := spanCheck{ctx: context.Background(), c: &Content{Data: bytes.NewReader(data), Size: int64(len(data)), Located: l}, b: b, newHash: sum, mismatchCode: codeBoxesMismatch, malformedCode: codeBoxesMalformed}
		if good := stores[kind]; good != nil && boxes {
			h := sum()
			whole := make([]byte, good.Size)
			if _, err := good.Data.ReadAt(whole, 0); err != nil {
				t.Fatal(err)
			}
			h.Write(whole)
			err = k.findDataCause(nil, h.Sum(nil), nil)
		} else {
			m := &boxesMap{Boxes: boxEntries{{Names: nameList{"PNGh"}, Hash: make([]byte, 32)}, {Names: nameList{"C2PA"}}, {Names: nameList{"IHDR", "IDAT"}, Hash: []byte{1}}}}
			c := &boxesCheck{alg: "sha256", spanCheck: k}
			if err = c.divide(m); err == nil {
				c.lastBox = c.end
				err = c.findBoxesCause(m)
			}
		}
		var limit *LimitError
		if err != nil && !errors.As(err, &limit) {
			t.Fatal(err)
		}
		gone := b.Cause != nil && (b.Cause.Kind == CauseShifted || b.Cause.Kind == CauseCutOff) // then the length is what is missing
		if c := b.Cause; c != nil && (c.Offset < 0 || c.Length < 0 || c.Offset > int64(len(data)) || !gone && c.Offset+c.Length > int64(len(data)) || c.Explanation == "") {
			t.Errorf("%+v in a file of %d bytes", c, len(data))
		}
	})
}
