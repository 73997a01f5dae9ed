package render_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/consentry/consentry/internal/render"
)

// spoken are texts that must pass unchanged; each is also a seed.
var spoken = []string{
	"", "clip.mp4", "Example AI Inc", "Müller & Söhne", "東京放送", "שלום", "مرحبا", "ñ e\u0301", "“quoted” – dash…", `C:\clips\a.mp4`, "\ufffd", "🎬 take 3",
}

// hostile are texts with the spelling that they must get.
var hostile = []struct{ name, in, want string }{
	{"bidi-override", "gpj\u202e4pm", `gpj\u202e4pm`},
	{"bidi-isolate", "a\u2066b\u2069c", `a\u2066b\u2069c`},
	{"escape-sequence", "\x1b[31mRED", `\x1b[31mRED`},
	{"bell", "ding\a", `ding\x07`},
	{"newline", "a\nb\r\tc", `a\nb\r\tc`},
	{"delete", "a\x7fb", `a\x7fb`},
	{"c1-control", "a\u009bb", `a\u009bb`},
	{"zero-width-space", "a\u200bb", `a\u200bb`},
	{"byte-order-mark", "\ufeffa", `\ufeffa`},
	{"line-separator", "a\u2028b", `a\u2028b`},
	{"hangul-filler", "a\u3164b", `a\u3164b`},
	{"tag-character", "a\U000e0041b", `a\U000e0041b`},
	{"variation-selector", "a\ufe0fb", `a\ufe0fb`},
	{"private-use", "a\ue000b", `a\ue000b`},
	{"unassigned", "a\u0378b", `a\u0378b`},
	{"not-utf8", "a\xffb\xc3", `a\xffb\xc3`},
	{"surrogate-in-utf8", "\xed\xa0\x80", `\xed\xa0\x80`},
}

func TestSafe(t *testing.T) {
	for _, s := range spoken {
		if got := render.Safe(s); got != s {
			t.Errorf("Safe(%q) = %q, should stay as it is", s, got)
		}
	}
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			if got := render.Safe(c.in); got != c.want {
				t.Errorf("Safe(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Example", `"Example"`},
		{"quotes", `a"b`, `"a\"b"`},
		{"bidi", "a\u202eb", `"a\u202eb"`},
		{"filler-that-strconv-prints", "a\u3164b", `"a\u3164b"`},
		{"at-the-limit", strings.Repeat("é", 160), `"` + strings.Repeat("é", 160) + `"`},
		{"one-past-the-limit", strings.Repeat("é", 161), `"` + strings.Repeat("é", 160) + `…"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render.Quote(c.in); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestJSONSpellsOut(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.Line(&b, map[string]string{c.in: c.in}); err != nil {
				t.Fatal(err)
			}
			checkQuiet(t, strings.TrimSuffix(b.String(), "\n"))
			var back map[string]string
			if err := json.Unmarshal(b.Bytes(), &back); err != nil {
				t.Fatal(err)
			}
			want := strings.ToValidUTF8(c.in, "\ufffd")
			for k, v := range back {
				if utf8.ValidString(c.in) && (k != want || v != want) {
					t.Errorf("read back %q: %q, want %q", k, v, want)
				}
			}
		})
	}
}

// checkQuiet fails where a text holds a character that has no business on a terminal. It has its own list, so that a
// hole in Safe's is seen.
func checkQuiet(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("not UTF-8: %q", s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 || r == 0x3164 {
			t.Errorf("holds %U: %q", r, s)
		}
	}
}

func FuzzSafe(f *testing.F) {
	seeds := 0
	for _, s := range spoken {
		f.Add(s)
		seeds++
	}
	for _, c := range hostile {
		f.Add(c.in)
		seeds++
	}
	if seeds < 5 {
		f.Fatal("too few seeds")
	}
	f.Fuzz(func(t *testing.T, s string) {
		safe := render.Safe(s)
		checkQuiet(t, safe)
		if again := render.Safe(safe); again != safe {
			t.Errorf("a second time changes %q to %q", safe, again)
		}
		if len(safe) > 10*len(s) {
			t.Errorf("%d bytes became %d", len(s), len(safe))
		}
		checkQuiet(t, render.Quote(s))
		var b bytes.Buffer
		if err := render.Line(&b, s); err != nil {
			t.Fatal(err)
		}
		checkQuiet(t, strings.TrimSuffix(b.String(), "\n"))
		var back string
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%q is not JSON: %v", b.String(), err)
		}
		if utf8.ValidString(s) && back != s {
			t.Errorf("read back %q, want %q", back, s)
		}
	})
}
