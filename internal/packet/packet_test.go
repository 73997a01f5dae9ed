package packet_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/packet"
)

// message has one field of every kind.
type message struct {
	number int64
	float  float32
	yes    bool
	text   string
	texts  []string
}

func (m message) encoded() []byte {
	b := packet.AppendF32(packet.AppendI64(nil, m.number), m.float)
	return packet.AppendTexts(packet.AppendText(packet.AppendBool(b, m.yes), m.text), m.texts)
}

func read(b []byte) (message, bool) {
	f := packet.Of(b)
	m := message{number: f.Natural(), float: f.F32(), yes: f.Bool(), text: f.Text(4), texts: f.Texts(2, 3)}
	return m, f.Done()
}

var example = message{number: 7, float: -.5, yes: true, text: "four", texts: []string{"one", ""}}

func TestAMessageIsReadAsItWasWritten(t *testing.T) {
	got, ok := read(example.encoded())
	if !ok || got.number != 7 || got.float != -.5 || !got.yes || got.text != "four" || !slices.Equal(got.texts, example.texts) {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func TestAMessageThatIsCutOrGoesOnIsBad(t *testing.T) {
	b := example.encoded()
	for n := range b {
		if _, ok := read(b[:n]); ok {
			t.Errorf("%d of %d bytes are accepted", n, len(b))
		}
	}
	if _, ok := read(append(b, 0)); ok {
		t.Error("a byte too many is accepted")
	}
}

func TestWhatIsOutOfRangeIsBad(t *testing.T) {
	change := func(f func(*message)) []byte {
		m := example
		f(&m)
		return m.encoded()
	}
	bool2 := example.encoded()
	bool2[12] = 2
	for name, b := range map[string][]byte{
		"a number below zero":   change(func(m *message) { m.number = -1 }),
		"a third truth":         bool2,
		"a text too long":       change(func(m *message) { m.text = "fives" }),
		"a control character":   change(func(m *message) { m.text = "a\n" }),
		"a letter beyond ASCII": change(func(m *message) { m.text = "é" }),
		"a list too long":       change(func(m *message) { m.texts = []string{"", "", ""} }),
		"a text of it too long": change(func(m *message) { m.texts = []string{"four"} }),
	} {
		if _, ok := read(b); ok {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestAfterABadFieldEverythingIsZero(t *testing.T) {
	f := packet.Of([]byte{9, 9, 9})
	f.Want(false)
	if f.U8() != 0 || f.U16() != 0 || f.U32() != 0 || f.I64() != 0 || f.F32() != 0 || f.Bool() || f.Text(9) != "" || f.Name(9) != "" || len(f.Texts(9, 9)) > 0 {
		t.Error("a field has a value after a bad one")
	}
	if !f.Bad() || f.Done() || f.Left() != 3 {
		t.Errorf("bad %v, done %v, %d left", f.Bad(), f.Done(), f.Left())
	}
}

func TestANameMayBeAnything(t *testing.T) {
	f := packet.Of(packet.AppendText(nil, "\x00\xff"))
	if s := f.Name(2); s != "\x00\xff" || !f.Done() {
		t.Errorf("%q", s)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(example.encoded())
	f.Add(message{}.encoded())
	f.Add([]byte{})
	f.Add(message{number: math.MaxInt64, float: float32(math.Inf(1)), text: "~~~~", texts: []string{"", ""}}.encoded())
	f.Add([]byte(strings.Repeat("\xff", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, ok := read(b); ok && !bytes.Equal(m.encoded(), b) && m.float == m.float { // a NaN may lose its payload
			t.Errorf("%x is read, and written as %x", b, m.encoded())
		}
	})
}
