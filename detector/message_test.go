package detector

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// The tests of the reader are inside the package: the lines of a detector are read by nobody else.

const (
	goodHello   = `{"type":"hello","protocol":"consentry.detector/1","name":"acme","version":"2.1","algs":["com.acme.mark.1"],"wants":{"planes":["y","cb"],"frames":"keys","maxSide":512,"fps":2.5},"network":false,"falsePositiveRate":1e-6}`
	goodFinding = `{"type":"finding","claim":"mark-present","alg":"com.acme.mark.1","message":"00ff","subject":"Acme","spansMs":[[0,40],[40,80]],"statistic":0.9,"threshold":0.8,"falsePositiveBound":1e-9,"tries":3,"text":"as clear as day"}`
	goodDone    = `{"type":"done","frames":2}`
)

// with is a line with one thing in it replaced.
func with(line, old, put string) string {
	if !strings.Contains(line, old) {
		panic("no " + old)
	}
	return strings.Replace(line, old, put, 1)
}

func spans(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",[%d,%d]", i, i+1)
	}
	return b.String()[1:]
}

func algs(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"a%d"`, i))
	}
	return strings.Join(list, ",")
}

// lines are some that are taken, and some that are not with the member that is at fault.
var lines = []struct {
	line, path string
	ok         bool
}{
	{line: goodHello, ok: true},
	{line: goodFinding, ok: true},
	{line: goodDone, ok: true},
	{line: `{"type":"finding","claim":"hint"}`, ok: true},
	{line: with(goodHello, `"acme"`, `"`+strings.Repeat("a", maxName)+`"`), ok: true},
	{line: with(goodHello, `"acme"`, `"`+strings.Repeat("a", maxName+1)+`"`), path: "name"},
	{line: with(goodHello, `"acme"`, `"a\u001b[31m"`), path: "name"},
	{line: with(goodHello, `"acme"`, `"a\u202eb"`), path: "name"},
	{line: with(goodHello, `detector/1`, `detector/2`), path: "protocol"},
	{line: with(goodHello, `"com.acme.mark.1"`, algs(MaxAlgs)), ok: true},
	{line: with(goodHello, `"com.acme.mark.1"`, algs(MaxAlgs+1)), path: "algs"},
	{line: with(goodHello, `"com.acme.mark.1"`, `"a","a"`), path: "algs"},
	{line: with(goodHello, `"y","cb"`, ``), path: "wants.planes"},
	{line: with(goodHello, `"y","cb"`, `"y","y"`), path: "wants.planes"},
	{line: with(goodHello, `"y","cb"`, `"rgb"`), path: "wants.planes"},
	{line: with(goodHello, `"keys"`, `"some"`), path: "wants.frames"},
	{line: with(goodHello, `512`, fmt.Sprint(maxSide)), ok: true},
	{line: with(goodHello, `512`, fmt.Sprint(maxSide+1)), path: "wants.maxSide"},
	{line: with(goodHello, `2.5`, `1000`), ok: true},
	{line: with(goodHello, `2.5`, `1000.1`), path: "wants.fps"},
	{line: with(goodHello, `2.5`, `-1`), path: "wants.fps"},
	{line: with(goodHello, `"fps"`, `"audio"`)},
	{line: with(goodHello, `1e-6`, `0`), path: "falsePositiveRate"},
	{line: with(goodFinding, `mark-present`, `certain`), path: "claim"},
	{line: with(goodFinding, `00ff`, strings.Repeat("0a", maxPayload/2)), ok: true},
	{line: with(goodFinding, `00ff`, strings.Repeat("0a", maxPayload/2+1)), path: "message"},
	{line: with(goodFinding, `00ff`, `0FF0`), path: "message"},
	{line: with(goodFinding, `00ff`, `0ff`), path: "message"},
	{line: with(goodFinding, `1e-9`, `0`), path: "falsePositiveBound"},
	{line: with(goodFinding, `1e-9`, `-1`), path: "falsePositiveBound"},
	{line: with(goodFinding, `1e-9`, `1.5`), path: "falsePositiveBound"},
	{line: with(goodFinding, `1e-9`, `1e-999`), path: "falsePositiveBound"},
	{line: with(goodFinding, `0.9`, `1e999`)},
	{line: with(goodFinding, `:3`, `:-3`), path: "tries"},
	{line: with(goodFinding, `[0,40],[40,80]`, spans(MaxSpans)), ok: true},
	{line: with(goodFinding, `[0,40],[40,80]`, spans(MaxSpans+1)), path: "spansMs"},
	{line: with(goodFinding, `[40,80]`, `[39,80]`), path: "spansMs"},
	{line: with(goodFinding, `[40,80]`, `[80,80]`), path: "spansMs"},
	{line: with(goodFinding, `[0,40]`, `[-1,40]`), path: "spansMs"},
	{line: with(goodFinding, `as clear as day`, strings.Repeat("a", maxText)), ok: true},
	{line: with(goodFinding, `as clear as day`, strings.Repeat("a", maxText+1)), path: "text"},
	{line: with(goodFinding, `"text"`, `"class"`)},
	{line: with(goodFinding, `"tries"`, `"Tries"`)},
	{line: with(goodFinding, `"tries":3`, `"alg":"b"`)},
	{line: with(goodFinding, `[0,40]`, `[[[[0]]],40]`)},
	{line: with(goodDone, `2`, `-2`), path: "frames"},
	{line: `{"type":"done"}`, path: "frames"},
	{line: `{"type":"bye"}`, path: "type"},
	{line: `{"type":1}`, path: "type"},
	{line: goodDone + goodDone},
	{line: `[]`},
	{line: `null`},
	{line: ``},
	{line: `{"type":"done","frames":2`},
	{line: "\xff"},
	{line: `{"type":"hello","name":"` + "\xc3" + `"}`},
}

func TestParse(t *testing.T) {
	for _, c := range lines {
		m, err := parse([]byte(c.line))
		var syntax *SyntaxError
		switch {
		case (err == nil) != c.ok:
			t.Errorf("%.120s: %v", c.line, err)
		case err != nil && (!errors.As(err, &syntax) || c.path != "" && syntax.Path != c.path):
			t.Errorf("%.120s: %v, want a fault of %q", c.line, err, c.path)
		case err != nil && m != (message{}):
			t.Errorf("%.120s: %+v came with an error", c.line, m)
		}
	}
}

// Four levels are one more than spans need.
func TestALineNestsFourLevels(t *testing.T) {
	for line, ok := range map[string]bool{
		with(goodFinding, `[0,40]`, `[[0],40]`):      true,
		with(goodFinding, `[0,40]`, `[[[0]],40]`):    false,
		with(goodFinding, `[0,40]`, `[{"alg":0},0]`): true,
		with(goodFinding, `[0,40]`, `[{"alg":{}}]`):  false,
	} {
		if err := strict([]byte(line)); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "nests more than 4 levels") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// What a detector says is bounded as a whole, and its offsets are those of the whole.
func TestReader(t *testing.T) {
	for _, c := range []struct {
		name, text string
		lines      int
		offset     int64
		limit      bool
	}{
		{name: "a whole conversation", text: goodHello + "\n" + goodFinding + "\n" + goodDone + "\n", lines: 3},
		{name: "two hellos", text: goodHello + "\n" + goodHello + "\n", lines: 1, offset: int64(len(goodHello) + 1)},
		{name: "a finding first", text: goodFinding + "\n"},
		{name: "garbage in the third line", text: goodHello + "\n" + goodFinding + "\nxyz\n", lines: 2, offset: int64(len(goodHello) + len(goodFinding) + 2)},
		{name: "a line as long as the limit", text: goodHello + strings.Repeat(" ", MaxLine-1-len(goodHello)) + "\n" + goodDone + "\n", lines: 2},
		{name: "a line one byte longer", text: goodHello + strings.Repeat(" ", MaxLine-len(goodHello)) + "\n", limit: true},
		{name: "as many findings as the limit", text: goodHello + "\n" + strings.Repeat(`{"type":"finding","claim":"hint"}`+"\n", MaxFindings) + goodDone + "\n", lines: MaxFindings + 2},
		{name: "one more", text: goodHello + "\n" + strings.Repeat(`{"type":"finding","claim":"hint"}`+"\n", MaxFindings+1), lines: MaxFindings + 1, limit: true},
		{name: "a last line without its end", text: goodHello + "\n" + goodDone, lines: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reader{in: bufio.NewReaderSize(strings.NewReader(c.text), MaxLine)}
			n := 0
			var err error
			for ; err == nil && (n == 0 || n < c.lines); n++ {
				_, err = r.next()
			}
			if err == nil && c.lines == n {
				_, err = r.next()
				n++
			}
			var syntax *SyntaxError
			var limit *Error
			if n-1 != c.lines || errors.As(err, &limit) != c.limit || errors.As(err, &syntax) && syntax.Offset < c.offset {
				t.Errorf("%d lines, %v", n-1, err)
			}
		})
	}
}

// What is taken says the same when it is written and read again, and stays within the limits.
func FuzzParse(f *testing.F) {
	for _, c := range lines {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parse(line)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset > int64(len(line)) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		var b []byte
		switch {
		case m.hello != nil:
			b, _ = json.Marshal(struct {
				Type string `json:"type"`
				*Hello
			}{"hello", m.hello})
		case m.finding != nil:
			if m.finding.Counts() && (*m.finding.FalsePositiveBound > MaxBound || m.finding.Alg == "" || m.finding.Claim == ClaimHint) {
				t.Fatalf("%+v counts", m.finding)
			}
			b, _ = json.Marshal(struct {
				Type string `json:"type"`
				*Finding
			}{"finding", m.finding})
		case m.done != nil:
			b = fmt.Appendf(nil, `{"type":"done","frames":%d}`, *m.done)
		default:
			t.Fatal("nothing")
		}
		again, err := parse(bytes.TrimSpace(b))
		// A list that is there and empty is written as one that is not.
		if err != nil || m.finding == nil && !reflect.DeepEqual(again, m) || m.finding != nil && len(again.finding.SpansMs) != len(m.finding.SpansMs) {
			t.Fatalf("%s: %+v, then %+v: %v", b, m, again, err)
		}
	})
}
