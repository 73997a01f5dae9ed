package neural_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
	"github.com/consentry/consentry/watermark/neural"
)

// answers is a network whose answers are made up.
type answers func(in neural.Tensor) ([]float32, error)

func (f answers) Run(in neural.Tensor) (neural.Tensor, error) {
	v, err := f(in)
	return neural.Tensor{Shape: []int64{1, int64(len(v))}, Data: v}, err
}

// network is one of a kind, for pictures of the kind's usual size.
func network(t testing.TB, kind neural.Kind) *neural.Network {
	t.Helper()
	n, err := neural.Recognise(kind, model(kind))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// says are a network's numbers for bits.
func says(kind neural.Kind, bits string) []float32 {
	var v []float32
	if kind == neural.VideoSeal {
		v = append(v, 7) // whether there is a mark at all
	}
	for _, b := range bits {
		x := float32(-3)
		if b == '1' {
			x = 3
		}
		v = append(v, x)
	}
	return v
}

// picture is a grey frame with a brighter left half.
func picture(at time.Duration) *video.Frame {
	const w, h = 64, 48
	y := make([]byte, w*h)
	for i := range y {
		y[i] = 60
		if i%w < w/2 {
			y[i] = 200
		}
	}
	c := make([]byte, w*h/4)
	for i := range c {
		c[i] = 128
	}
	plane := func(b []byte, w, h int) video.Plane { return video.Plane{Data: b, Stride: w, Width: w, Height: h} }
	return &video.Frame{
		Time: at, Width: w, Height: h, BitDepth: 8, ChromaX: 1, ChromaY: 1,
		Y: plane(y, w, h), Cb: plane(c, w/2, h/2), Cr: plane(c, w/2, h/2),
	}
}

// look shows pictures, one each 200 ms, to a network.
func look(t testing.TB, kind neural.Kind, run neural.Runner, pictures int, messages ...watermark.Message) *neural.Result {
	t.Helper()
	d := neural.New(network(t, kind), run, messages)
	d.Begin(time.Duration(pictures) * 200 * time.Millisecond)
	for i := range pictures {
		if err := d.Frame(picture(time.Duration(i) * 200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	return d.End()
}

func message(t testing.TB, text string) watermark.Message {
	t.Helper()
	m, err := neural.ParseMessage(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bitsOf(t testing.TB, hex string, n int) string {
	t.Helper()
	v, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%0*b", n, v)
}

// TestAMessageCountsFromTheBitsThatChanceAllows: 30 of 32 for up to eight messages, 29 for none.
func TestAMessageCountsFromTheBitsThatChanceAllows(t *testing.T) {
	const told = "9b0e23c5"
	for _, c := range []struct {
		wrong, messages int
		found, weak     bool
	}{
		{0, 1, true, false},
		{2, 1, true, false},
		{3, 1, false, false},
		{16, 1, false, false},
		{32, 1, false, false},
		{2, 8, true, false},
		{2, 9, false, true},
		{1, 9, true, false},
		{3, 9, false, false},
	} {
		t.Run(fmt.Sprintf("%d wrong of %d messages", c.wrong, c.messages), func(t *testing.T) {
			bits := []byte(bitsOf(t, told, 32))
			for i := range c.wrong {
				bits[i] ^= 1
			}
			messages := []watermark.Message{message(t, "rivaGan:32:"+told)}
			for i := 1; i < c.messages; i++ {
				messages = append(messages, message(t, fmt.Sprintf("rivaGan:32:%08x", 0x10305070+i)))
			}
			r := look(t, neural.RivaGAN, answers(func(neural.Tensor) ([]float32, error) { return says(neural.RivaGAN, string(bits)), nil }), 10, messages...)
			if got := len(r.Found) == 1; got != c.found || len(r.Weak) == 1 != c.weak {
				t.Errorf("found %v, weak %v", r.Found, r.Weak)
			}
			for _, f := range r.Found {
				if f.Bound > neural.FamilyBound || f.Statistic < f.Threshold || f.Message != told {
					t.Errorf("%+v", f)
				}
			}
			if r.Frames != 4 || r.Tries != c.messages {
				t.Errorf("%d pictures, %d tries", r.Frames, r.Tries)
			}
		})
	}
}

// TestTheBoundIsTheExactOne: more than half of VideoSeal's bits agree by chance, and 167 of 256 once in a million.
func TestTheBoundIsTheExactOne(t *testing.T) {
	told := strings.Repeat("10110010", 31) + "11110001"
	text := new(strings.Builder)
	for i := 0; i < 256; i += 4 {
		v, _ := strconv.ParseUint(told[i:i+4], 2, 8)
		fmt.Fprintf(text, "%x", v)
	}
	m := message(t, "videoseal:256:"+text.String())
	for _, c := range []struct {
		agree int
		found bool
	}{{256, true}, {167, true}, {166, false}, {128, false}} {
		bits := []byte(told)
		for i := range 256 - c.agree {
			bits[i] ^= 1
		}
		r := look(t, neural.VideoSeal, answers(func(neural.Tensor) ([]float32, error) { return says(neural.VideoSeal, string(bits)), nil }), 5, m)
		if got := len(r.Found) == 1; got != c.found {
			t.Errorf("%d of 256: found %v", c.agree, got)
		}
	}
}

// TestAReadValueWithoutAMessageIsNoEvidence: whatever a network says, nothing is found.
func TestAReadValueWithoutAMessageIsNoEvidence(t *testing.T) {
	r := look(t, neural.RivaGAN, answers(func(neural.Tensor) ([]float32, error) {
		return says(neural.RivaGAN, bitsOf(t, "9b0e23c5", 32)), nil
	}), 10, message(t, "videoseal:256:"+strings.Repeat("d", 60)+"0123"))
	if len(r.Found)+len(r.Weak)+len(r.Payloads) > 0 || r.Tries != 0 || fmt.Sprintf("%x", r.Value) != "9b0e23c5" {
		t.Errorf("%+v", r)
	}
}

// TestPayloadsAreReadAsThePublishedDecoderReadsThem over words with no wrong bits, as many as the code corrects, and more.
func TestPayloadsAreReadAsThePublishedDecoderReadsThem(t *testing.T) {
	f, err := os.Open("testdata/trustmark.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		n++
		row := strings.Fields(s.Text())
		r := look(t, neural.TrustMarkQ, plainOnly(row[0]), 10)
		want := []string{}
		if row[3] != "-" {
			want = append(want, row[3])
		}
		got := []string{}
		for _, p := range r.Payloads {
			text := ""
			for i := range p.Bits {
				at := p.Bits - 1 - i
				text += strconv.Itoa(int(p.Value[len(p.Value)-1-at/8] >> (at % 8) & 1))
			}
			got = append(got, text)
			if p.Agreed == (row[1] != "0") || len(p.Moments) != 2 { // the pictures are all the same

				t.Errorf("%s: %+v", row[0], p)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s wrong bits in %s: read %v, want %v", row[1], row[0], got, want)
		}
	}
	if n < 28 {
		t.Errorf("%d words", n)
	}
}

// plainOnly says a word for pictures whose left half is brighter, and noise for mirrored ones.
func plainOnly(word string) answers {
	return func(in neural.Tensor) ([]float32, error) {
		if in.Data[0] < in.Data[in.Shape[3]-1] {
			return says(neural.TrustMarkQ, strings.Repeat("01", 50)), nil
		}
		return says(neural.TrustMarkQ, word), nil
	}
}

// word is a TrustMark of the schema BCH_3 without errors.
const word = "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000011"

func TestAPayloadMustAgreeAtTwoMomentsAndNotInTheMirror(t *testing.T) {
	always := answers(func(neural.Tensor) ([]float32, error) { return says(neural.TrustMarkP, word), nil })
	if r := look(t, neural.TrustMarkP, always, 20); len(r.Payloads) != 1 || r.Payloads[0].Agreed || !r.Payloads[0].Mirrored {
		t.Errorf("in the mirror too: %+v", r.Payloads)
	}
	if r := look(t, neural.TrustMarkP, plainOnly(word), 5); len(r.Payloads) != 1 || r.Payloads[0].Agreed || len(r.Payloads[0].Moments) != 1 {
		t.Errorf("within a second: %+v", r.Payloads)
	}
	if r := look(t, neural.TrustMarkP, plainOnly(word), 11); len(r.Payloads) != 1 || !r.Payloads[0].Agreed {
		t.Errorf("two moments: %+v", r.Payloads)
	}
}

// TestAStillIsOneReading: the same wrong bits at each moment are no second evidence; no wrong bit, or others, are.
func TestAStillIsOneReading(t *testing.T) {
	wrong := "1" + word[1:]
	if r := look(t, neural.TrustMarkP, plainOnly(wrong), 20); len(r.Payloads) != 1 || r.Payloads[0].Agreed || !r.Payloads[0].Same || len(r.Payloads[0].Moments) < 2 {
		t.Errorf("a still: %+v", r.Payloads)
	}
	n := 0
	moving := answers(func(in neural.Tensor) ([]float32, error) {
		if n++; n%4 == 1 { // every other picture; each is shown mirrored, too
			return plainOnly(word[:1] + "1" + word[2:])(in)
		}
		return plainOnly(wrong)(in)
	})
	if r := look(t, neural.TrustMarkP, moving, 20); len(r.Payloads) != 1 || !r.Payloads[0].Agreed {
		t.Errorf("other wrong bits: %+v", r.Payloads)
	}
}

// TestANetworkThatFailsIsTold, and what it says wrongly is no answer.
func TestANetworkThatFailsIsTold(t *testing.T) {
	asked := 0
	for name, run := range map[string]answers{
		"an error": func(neural.Tensor) ([]float32, error) { asked++; return nil, errors.New("it died") },
		"too few":  func(neural.Tensor) ([]float32, error) { return make([]float32, 31), nil },
		"too many": func(neural.Tensor) ([]float32, error) { return make([]float32, 33), nil },
		"no number": func(neural.Tensor) ([]float32, error) {
			v := make([]float32, 32)
			v[3] = float32(math.NaN())
			return v, nil
		},
		"infinitely far": func(neural.Tensor) ([]float32, error) {
			v := make([]float32, 32)
			v[3] = float32(math.Inf(1))
			return v, nil
		},
	} {
		if r := look(t, neural.RivaGAN, run, 10, message(t, "rivaGan:32:9b0e23c5")); r.Failed == nil || r.Frames != 0 || r.Value != nil || len(r.Found) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if asked != 1 {
		t.Errorf("a network that died was asked %d times", asked)
	}
}

func TestPicturesThatDoNotFitTheirSizeAreCounted(t *testing.T) {
	for name, spoil := range map[string]func(*video.Frame){
		"grey":           func(f *video.Frame) { f.Cb, f.Cr = video.Plane{}, video.Plane{} },
		"short luma":     func(f *video.Frame) { f.Y.Data = f.Y.Data[:len(f.Y.Data)-1] },
		"short chroma":   func(f *video.Frame) { f.Cr.Data = f.Cr.Data[:1] },
		"another size":   func(f *video.Frame) { f.Y.Width-- },
		"deep, and half": func(f *video.Frame) { f.BitDepth = 10 },
		"nothing":        func(f *video.Frame) { *f = video.Frame{} },
	} {
		d := neural.New(network(t, neural.TrustMarkQ), answers(func(neural.Tensor) ([]float32, error) { return nil, errors.New("asked") }), nil)
		f := picture(0)
		spoil(f)
		if err := d.Frame(f); err != nil {
			t.Fatal(err)
		}
		if r := d.End(); r.Unread != 1 || r.Frames != 0 || r.Failed != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestMessagesOfAnotherFormAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "rivaGan", "rivaGan:32", "rivaGan:31:00000001", "rivaGan:32:9b0e23c", "rivaGan:32:9b0e23cz", "rivaGan:64:9b0e23c5aa01bb77",
		"dwtDct:32:9b0e23c5", "trustmark-Q:100:" + strings.Repeat("a", 25), "rivaGan:32:00000000",
	} {
		if m, err := neural.ParseMessage(text); err == nil {
			t.Errorf("%q was read as %v", text, m)
		}
	}
}
