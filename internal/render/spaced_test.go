package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
)

// laidOut are documents of every shape.
var laidOut = []string{
	`{}`, `[]`, `null`, `""`, `-1.5e3`, `[[],{},[[]],{"a":{}}]`, `{"a":[1,2,{"b":"c"}],"d":null}`,
	`{"a\\":"\"","\\\"":"},{[:","u":"\u202e"}`, `"` + strings.Repeat("long ", 20_000) + `"`,
	`[` + strings.Repeat(`{"a":[true,false]},`, 5_000) + `0]`,
}

// spacedAsLibrary holds a document against the library's own layout.
func spacedAsLibrary(t *testing.T, doc string) {
	var compact, want bytes.Buffer
	if json.Compact(&compact, []byte(doc)) != nil {
		return
	}
	if err := json.Indent(&want, compact.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	var v any
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return
	}
	var got bytes.Buffer
	if err := render.JSON(&got, json.RawMessage(doc)); err != nil {
		t.Fatal(err)
	}
	if strings.IndexFunc(compact.String(), func(r rune) bool { return r >= 0x7f }) < 0 && got.String() != want.String()+"\n" {
		t.Errorf("%.200s\n%.200s", got.String(), want.String())
	}
	var back any
	d = json.NewDecoder(&got)
	d.UseNumber()
	if err := d.Decode(&back); err != nil {
		t.Fatalf("it is no JSON any more: %v", err)
	}
	a, _ := json.Marshal(v)
	b, _ := json.Marshal(back)
	if !bytes.Equal(a, b) {
		t.Errorf("another document: %.200s, %.200s", a, b)
	}
	var line bytes.Buffer
	if err := render.Line(&line, v); err != nil || strings.Count(line.String(), "\n") != 1 {
		t.Errorf("not one line, or %v", err)
	}
}

func TestJSONIsLaidOutAsTheLibraryDoes(t *testing.T) {
	for _, doc := range laidOut {
		spacedAsLibrary(t, doc)
	}
}

func FuzzJSON(f *testing.F) {
	for _, doc := range laidOut {
		f.Add(doc)
	}
	f.Add("{\"\u202e\":\"\U000e0041\x7f\xff\"}")
	f.Fuzz(spacedAsLibrary)
}

// failing takes some writes.
type failing struct{ left int }

var errFull = errors.New("full")

func (w *failing) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestJSONSaysThatItCouldNotBeWritten(t *testing.T) {
	long := strings.Split(strings.Repeat("x,", 50_000), ",")
	for left := range 3 {
		if err := render.JSON(&failing{left: left}, long); !errors.Is(err, errFull) {
			t.Errorf("after %d writes: %v", left, err)
		}
	}
}
