package consentry_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// moving is a decoder whose picture moves: thirty frames of a second and as many seconds as it says.
type moving struct {
	seconds int
	still   bool
	mode    *video.Mode // what was asked for
}

func (d moving) Decode(_ context.Context, _ video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	if d.mode != nil {
		*d.mode = want.Mode
	}
	sink = sink.WithDefaults()
	tracks := []video.Track{{ID: 1, Kind: "video", Codec: "h264", Width: 64, Height: 48, FrameRate: [2]int{30, 1}}}
	if err := sink.Info(&video.Info{Tracks: tracks}); err != nil {
		return nil, err
	}
	res := &video.Result{}
	for i := range d.seconds * 30 {
		if want.Mode == video.KeyFrames && i%30 > 0 {
			continue
		}
		f := scene(i)
		if d.still {
			f = scene(0)
		}
		f.Index, f.Time = int64(i), time.Duration(i)*time.Second/30
		if err := sink.Frame(f); err != nil {
			return nil, err
		}
		res.Frames++
	}
	return res, nil
}

// scene is a picture of blocks that change by the fifth of a second.
func scene(i int) *video.Frame {
	f := &video.Frame{Width: 64, Height: 48, BitDepth: 8, Y: video.Plane{Data: make([]byte, 64*48), Stride: 64, Width: 64, Height: 48}}
	for n := range f.Y.Data {
		x := uint32(n%64/8*31+n/64/8*17+i/6*101) * 2654435761
		f.Y.Data[n] = byte(x >> 24)
	}
	return f
}

// codeOf is the code of some of that decoder's seconds.
func codeOf(from, to int) fingerprint.Code {
	var v fingerprint.Video
	for i := from * 30; i < to*30; i++ {
		f := scene(i)
		f.Time = time.Duration(i-from*30) * time.Second / 30
		v.Frame(f)
	}
	v.Finish()
	return v.Result().Code
}

// flipped is a code with some bits changed.
func flipped(c fingerprint.Code, bits int) fingerprint.Code {
	for i := range bits {
		c[i/8] ^= 0x80 >> (i % 8)
	}
	return c
}

func unit(c fingerprint.Code) []byte { return c.Unit().Bytes() }

func entry(k string, v any) forge.Entry { return forge.Entry{K: k, V: v} }

// binding is a soft-binding assertion of some blocks.
func binding(alg string, blocks ...forge.Map) forge.Assertion {
	list := make([]any, len(blocks))
	for i, b := range blocks {
		list[i] = b
	}
	return forge.Assertion{Label: "c2pa.soft-binding", CBOR: forge.Map{entry("alg", alg), entry("blocks", list)}}
}

func block(value any, scope ...forge.Entry) forge.Map {
	return forge.Map{entry("scope", forge.Map(scope)), entry("value", value)}
}

func span(start, end int) forge.Entry {
	return entry("timespan", forge.Map{entry("start", start), entry("end", end)})
}

func TestSoftBindingsOfFingerprints(t *testing.T) {
	whole := codeOf(0, 4)
	for _, c := range []struct {
		name     string
		a        forge.Assertion
		result   string
		distance int // -1: none
		code     string
	}{
		{"the clip's own code", binding("io.iscc.v0", block(unit(whole))), "match", 0, "softBinding.match"},
		{"thirty bits away", binding("io.iscc.v0", block(unit(flipped(whole, 30)))), "match", 30, "softBinding.match"},
		{"thirty-one bits away", binding("io.iscc.v0", block(unit(flipped(whole, 31)))), "no-match", 31, "softBinding.weak"},
		{"sixty bits away", binding("io.iscc.v0", block(unit(flipped(whole, 60)))), "no-match", 60, "softBinding.weak"},
		{"sixty-one bits away", binding("io.iscc.v0", block(unit(flipped(whole, 61)))), "no-match", 61, "softBinding.mismatch"},
		{"the nearest of two units", binding("io.iscc.v0", block(append(unit(flipped(whole, 99)), unit(flipped(whole, 3))...))), "match", 3, "softBinding.match"},
		{"a unit of an unknown subtype beside it", binding("io.iscc.v0", block(append([]byte{0x27, 0, 0, 0, 0, 0}, unit(whole)...))), "match", 0, "softBinding.match"},
		{"text", binding("io.iscc.v0", block(whole.String())), "match", 0, "softBinding.textValue"},
		{"a part of the time line", binding("io.iscc.v0", block(unit(codeOf(1, 3)), span(1000, 3000))), "match", 0, "softBinding.match"},
		{"a part that is not in the clip", binding("io.iscc.v0", block(unit(whole), span(9000, 9500))), "not-checkable", -1, ""},
		{"a part of the picture", binding("io.iscc.v0", block(unit(whole), entry("region", forge.Map{}))), "not-checkable", -1, ""},
		{"a time span that ends before it starts", binding("io.iscc.v0", block(unit(whole), span(2, 1))), "unusable", -1, "softBinding.unusable"},
		{"a time span of text", binding("io.iscc.v0", block(unit(whole), entry("timespan", forge.Map{entry("start", "0"), entry("end", "1")}))), "unusable", -1, "softBinding.unusable"},
		{"a code that is cut", binding("io.iscc.v0", block(unit(whole)[:11])), "unusable", -1, "softBinding.unusable"},
		{"a byte too many", binding("io.iscc.v0", block(append(unit(whole), 0))), "unusable", -1, "softBinding.unusable"},
		{"a short unit", binding("io.iscc.v0", block(append([]byte{0x23, 0x01}, whole[:8]...))), "unusable", -1, "softBinding.unusable"},
		{"no letters of base32", binding("io.iscc.v0", block("ISCC:1")), "unusable", -1, "softBinding.unusable"},
		{"nothing", binding("io.iscc.v0", block([]byte{})), "unusable", -1, "softBinding.unusable"},
		{"a number", binding("io.iscc.v0", block(7)), "unusable", -1, "softBinding.unusable"},
		{"no block", binding("io.iscc.v0"), "unusable", -1, "softBinding.unusable"},
		{"no algorithm", binding("", block(unit(whole))), "unusable", -1, "softBinding.unusable"},
		{"only the code of the file's bytes", binding("io.iscc.v0", block(append([]byte{0x40, 0x07}, whole[:]...))), "not-checkable", -1, ""},
		{"an algorithm that nobody lists", binding("com.example.unknown.7", block([]byte{1})), "unknown-algorithm", -1, "softBinding.unknownAlgorithm"},
		{"an algorithm of a vendor", binding("com.digimarc.validate.1", block([]byte{1})), "not-checkable", -1, ""},
		{"an algorithm for pictures", binding("com.adobe.trustmark.P", block("2*01")), "not-checkable", -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			v.Frames, v.Decoder = video.KeyFrames, moving{seconds: 4}
			built := forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{c.a}}})
			r := verify(t, v, asset(built.Data))
			if state(r) != "trusted" {
				t.Errorf("the manifest is %s", state(r))
			}
			rows := r.Watermarks.SoftBindings
			if len(rows) != 1 || rows[0].Result != c.result || rows[0].Text == "" {
				t.Fatalf("%+v, expected %s", rows, c.result)
			}
			got := -1
			if d := rows[0].Distance; d != nil {
				got = *d
			}
			if got != c.distance {
				t.Errorf("distance %d, expected %d", got, c.distance)
			}
			if c.code != "" && !report.Has(r.Findings, c.code) {
				t.Errorf("no finding %s: %+v", c.code, r.Findings)
			}
			if c.result == "not-checkable" && !mentions(r, "soft binding") {
				t.Errorf("what was not checked does not say so: %+v", r.NotChecked)
			}
			checkSchema(t, r)
		})
	}
}

func mentions(r *report.Report, what string) bool {
	for _, n := range r.NotChecked {
		if len(n.What) >= len(what) && n.What[:len(what)] == what {
			return true
		}
	}
	return false
}

func checkSchema(t *testing.T, r *report.Report) {
	t.Helper()
	doc, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Check(schematest.Report, doc); err != nil {
		t.Error(err)
	}
}

// A fingerprint takes five pictures a second: what is decoded is raised where one is wanted, unless the caller chose.
func TestFramesForFingerprints(t *testing.T) {
	plain := forge.Make(forge.Recipe{}).Data
	whole := codeOf(0, 3)
	bound := forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{binding("io.iscc.v0", block(unit(whole)))}}}).Data
	for _, c := range []struct {
		name   string
		data   []byte
		v      consentry.Verifier
		mode   video.Mode
		prints int
	}{
		{"nobody asks", plain, consentry.Verifier{Frames: video.KeyFrames}, video.KeyFrames, 0},
		{"the caller asks", plain, consentry.Verifier{Frames: video.KeyFrames, Fingerprints: true}, video.AllFrames, 1},
		{"the manifest declares one", bound, consentry.Verifier{Frames: video.KeyFrames}, video.AllFrames, 1},
		{"the caller chose key frames", bound, consentry.Verifier{Frames: video.KeyFrames, FramesFixed: true}, video.KeyFrames, 0},
		{"all frames, and nobody asks", plain, consentry.Verifier{Frames: video.AllFrames}, video.AllFrames, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, mode := trusting(t), video.Mode(-1)
			v.Frames, v.FramesFixed, v.Fingerprints = c.v.Frames, c.v.FramesFixed, c.v.Fingerprints
			v.Decoder = moving{seconds: 3, mode: &mode}
			r := verify(t, v, asset(c.data))
			if mode != c.mode || len(r.Fingerprints) != c.prints || r.Decoded.All != (c.mode == video.AllFrames) {
				t.Errorf("decoded in mode %d, %d fingerprints, all %v", mode, len(r.Fingerprints), r.Decoded.All)
			}
			if c.prints == 1 && r.Fingerprints[0].Value != whole.String() {
				t.Errorf("%+v, expected %s", r.Fingerprints[0], whole.String())
			}
			if c.v.FramesFixed && !mentions(r, "fingerprint") {
				t.Errorf("that there is none is not said: %+v", r.NotChecked)
			}
			checkSchema(t, r)
		})
	}
}

func TestFingerprintsThatSayLittle(t *testing.T) {
	v := trusting(t)
	v.Frames, v.Fingerprints, v.Decoder = video.KeyFrames, true, moving{seconds: 3, still: true}
	r := verify(t, v, asset(generated().Data))
	if len(r.Fingerprints) != 1 || !r.Fingerprints[0].LowInformation || r.Fingerprints[0].DistinctFrames != 1 || !report.Has(r.Findings, "fingerprint.lowInformation") {
		t.Errorf("a still: %+v", r.Fingerprints)
	}
	v.Decoder = seeing{tracks: []video.Track{{ID: 1, Kind: "video"}}}
	r = verify(t, v, asset(generated().Data))
	if len(r.Fingerprints) != 0 || !mentions(r, "fingerprint") {
		t.Errorf("no picture that is sampled: %+v, %+v", r.Fingerprints, r.NotChecked)
	}
}

// validated is what validation says of a manifest with some assertions.
func validated(t *testing.T, m forge.Manifest) *manifest.Result {
	t.Helper()
	v := trusting(t)
	res, err := v.Examine(context.Background(), asset(forge.Make(forge.Recipe{Manifest: m}).Data))
	if err != nil {
		t.Fatal(err)
	}
	return res.Validation
}

func TestSoftBindingsOfMarks(t *testing.T) {
	const alg = "com.example.lab.dwtDct"
	message, _ := hex.DecodeString("2afe879cf52e")
	flux := report.Watermark{Algorithm: "dwtDct", Bits: 46, Message: "2afe879cf52e"}
	declared := forge.Manifest{Assertions: []forge.Assertion{binding(alg, block(message))}}
	asText := forge.Manifest{Assertions: []forge.Assertion{binding(alg, block("2AFE879CF52E"))}}
	padded := forge.Manifest{Assertions: []forge.Assertion{binding(alg, block(append([]byte{0, 0}, message...)))}}
	acts := func(name, text string) forge.Manifest {
		return forge.Manifest{Actions: []forge.Action{
			{Name: "c2pa.created", Source: forge.IPTC("trainedAlgorithmicMedia")},
			{Name: name, Edit: func(m *forge.Map) { m.Set("description", text) }},
		}}
	}
	for _, c := range []struct {
		name   string
		m      forge.Manifest
		state  string
		found  []report.Watermark
		result []string
		code   string
	}{
		{"declared and found", declared, "analysed", []report.Watermark{flux}, []string{alg + " present"}, "softBinding.present"},
		{"declared as text and found", asText, "analysed", []report.Watermark{flux}, []string{alg + " present"}, "softBinding.present"},
		{"declared with zeroes before it and found", padded, "partial", []report.Watermark{flux}, []string{alg + " present"}, "softBinding.present"},
		{"declared and not found", declared, "analysed", nil, []string{alg + " absent"}, "softBinding.absent"},
		{"a private message that was not looked for", forge.Manifest{Assertions: []forge.Assertion{binding(alg, block([]byte{1, 2, 3, 4}))}}, "analysed", nil, []string{alg + " not-checkable"}, ""},
		{"another method's mark found", declared, "analysed", []report.Watermark{{Algorithm: "dwtDctSvd", Message: "2afe879cf52e"}}, []string{alg + " absent", "dwtDctSvd undeclared"}, "softBinding.undeclared"},
		{"another message found", declared, "analysed", []report.Watermark{{Algorithm: "dwtDct", Message: "b3ec907bb19e"}}, []string{alg + " other-message"}, "softBinding.otherMessage"},
		{"declared and nobody looked", declared, "not-analysed", nil, []string{alg + " not-checkable"}, ""},
		{"found and undeclared", forge.Manifest{}, "analysed", []report.Watermark{flux}, []string{"dwtDct undeclared"}, "softBinding.undeclared"},
		{"an algorithm that is deprecated", forge.Manifest{Assertions: []forge.Assertion{binding("old.mark", block(message))}}, "analysed", nil, []string{"old.mark not-checkable"}, "softBinding.deprecated"},
		{"nothing declared and nothing found", forge.Manifest{}, "analysed", nil, nil, ""},
		{"a closed mark in words", acts("c2pa.edited", "Added imperceptible SynthID watermark"), "analysed", nil, []string{" claimed-not-verified"}, "softBinding.claimed"},
		{"a mark in an action, without a binding", acts("c2pa.watermarked.unbound", "marked"), "analysed", nil, []string{" claimed-not-verified"}, "softBinding.claimed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := consentry.CompareSoftBindings(validated(t, c.m), report.Watermarks{State: c.state, Found: c.found})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range r.Watermarks.SoftBindings {
				got = append(got, row.Alg+" "+row.Result)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.result) {
				t.Errorf("%q, expected %q", got, c.result)
			}
			if c.code != "" && !report.Has(r.Findings, c.code) {
				t.Errorf("no finding %s: %+v", c.code, r.Findings)
			}
		})
	}
}

func TestManySoftBindings(t *testing.T) {
	for n, more := range map[int]bool{64: false, 65: true} {
		blocks := make([]forge.Map, n)
		for i := range blocks {
			blocks[i] = block([]byte{byte(i)})
		}
		r, err := consentry.CompareSoftBindings(validated(t, forge.Manifest{Assertions: []forge.Assertion{binding("com.example.x", blocks...)}}), report.Watermarks{State: "analysed"})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Watermarks.SoftBindings) != 64 || mentions(r, "soft bindings") != more {
			t.Errorf("%d blocks: %d rows, %+v", n, len(r.Watermarks.SoftBindings), r.NotChecked)
		}
	}
}

// An assertion that is not the one that was signed is neither a match nor a mismatch.
func TestSoftBindingThatWasChanged(t *testing.T) {
	whole := codeOf(0, 2)
	b := forge.Make(forge.Recipe{Manifest: forge.Manifest{
		Assertions: []forge.Assertion{binding("io.iscc.v0", block(unit(whole)))},
	}})
	at := 0
	for i := range b.Data {
		if i+32 <= len(b.Data) && string(b.Data[i:i+32]) == string(whole[:]) {
			at = i
		}
	}
	b.Data[at] ^= 1
	v := trusting(t)
	v.Frames, v.Decoder = video.KeyFrames, moving{seconds: 2}
	r := verify(t, v, asset(b.Data))
	if rows := r.Watermarks.SoftBindings; at == 0 || state(r) == "trusted" || len(rows) != 1 || rows[0].Result != "unusable" {
		t.Errorf("%s, %+v", state(r), rows)
	}
}

func TestWhatIsQuotedIsCut(t *testing.T) {
	for n, cut := range map[int]bool{200: false, 201: true} {
		alg := strings.Repeat("x", n)
		r, err := consentry.CompareSoftBindings(validated(t, forge.Manifest{Assertions: []forge.Assertion{binding(alg, block([]byte{1}))}}), report.Watermarks{State: "analysed"})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Watermarks.SoftBindings[0].Alg; strings.HasSuffix(got, "…") != cut || len(got) > 203 {
			t.Errorf("%d letters: %d bytes, %q", n, len(got), got)
		}
	}
}
