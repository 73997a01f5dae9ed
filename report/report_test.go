package report_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/consentry/consentry/report"
)

var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9_-]*)+$`)

// TestCodes holds every row to the form that explain shows: what it means, where that is written, what to do.
func TestCodes(t *testing.T) {
	codes := report.Codes()
	if len(codes) < 150 {
		t.Errorf("only %d codes", len(codes))
	}
	for i, c := range codes {
		if i > 0 && codes[i-1].Code >= c.Code {
			t.Errorf("%s is out of order", c.Code)
		}
		if !codeForm.MatchString(c.Code) {
			t.Errorf("%q is no status code", c.Code)
		}
		if c.Outcome != report.Success && c.Outcome != report.Informational && c.Outcome != report.Failure {
			t.Errorf("%s: outcome %q", c.Code, c.Outcome)
		}
		first, _ := utf8.DecodeRuneInString(c.Title)
		if c.Title == "" || strings.HasSuffix(c.Title, ".") || unicode.IsUpper(first) {
			t.Errorf("%s: title %q", c.Code, c.Title)
		}
		if c.Clause == "" {
			t.Errorf("%s names no clause", c.Code)
		}
		if c.Outcome == report.Failure && c.Advice == "" {
			t.Errorf("%s: a failure that does not say what to do", c.Code)
		}
		if c.Advice != "" && !strings.HasSuffix(c.Advice, ".") {
			t.Errorf("%s: advice %q is no sentence", c.Code, c.Advice)
		}
		if row, ok := report.Lookup(c.Code); !ok || row != c {
			t.Errorf("%s cannot be looked up", c.Code)
		}
	}
	if _, ok := report.Lookup("no.such"); ok {
		t.Error("an unknown code is found")
	}
}

func TestNew(t *testing.T) {
	f := report.Newf("asset.truncated", "", "ends at %d", 7).At("/mdat[1]", 0)
	if f.Outcome != report.Failure || f.Clause == "" || f.Explanation != "ends at 7" || f.Where != "/mdat[1]" || f.Offset == nil {
		t.Errorf("%+v", f)
	}
	text, err := json.Marshal(f)
	if err != nil || !strings.Contains(string(text), `"offset":0`) {
		t.Errorf("an offset of 0 is left out: %s, %v", text, err)
	}
	if !report.Has([]report.Finding{f}, "asset.truncated") || report.Has(nil, "asset.truncated") {
		t.Error("Has is wrong")
	}
	defer func() {
		if recover() == nil {
			t.Error("a code without a row makes a finding")
		}
	}()
	report.New("no.such", "", "")
}
