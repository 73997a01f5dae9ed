package cbortree_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/consentry/consentry/internal/cbortree"
)

// good are items of RFC 8949, Appendix A, and what crJSON makes of them.
var good = []struct{ hex, json string }{
	{"00", "0"},
	{"17", "23"},
	{"1818", "24"},
	{"1903e8", "1000"},
	{"1b000000e8d4a51000", "1000000000000"},
	{"1bffffffffffffffff", "18446744073709551615"},
	{"3bffffffffffffffff", "-18446744073709551616"},
	{"20", "-1"},
	{"3903e7", "-1000"},
	{"f90000", "0"},
	{"f93c00", "1"},
	{"f93e00", "1.5"},
	{"f97bff", "65504"},
	{"fa47c35000", "100000"},
	{"fb3ff199999999999a", "1.1"},
	{"f90001", "5.960464477539063e-8"},
	{"f9c400", "-4"},
	{"f97c00", `"+Inf"`},
	{"f97e00", `"NaN"`},
	{"fbfff0000000000000", `"-Inf"`},
	{"f4", "false"},
	{"f5", "true"},
	{"f6", "null"},
	{"f7", "null"},
	{"f0", `"simple(16)"`},
	{"f8ff", `"simple(255)"`},
	{"c074323031332d30332d32315432303a30343a30305a", `"2013-03-21T20:04:00Z"`},
	{"c0696e6f20612064617465", `"no a date"`},
	{"c11a514b67b0", "1363896240"},
	{"d74401020304", `"b64'AQIDBA=='"`},
	{"c249010000000000000000", `"b64'AQAAAAAAAAAA'"`},
	{"40", `"b64''"`},
	{"4401020304", `"b64'AQIDBA=='"`},
	{"60", `""`},
	{"6449455446", `"IETF"`},
	{"62c3bc", `"ü"`},
	{"80", "[]"},
	{"83010203", "[1,2,3]"},
	{"8301820203820405", "[1,[2,3],[4,5]]"},
	{"a0", "{}"},
	{"a201020304", `{"1":2,"3":4}`},
	{"a26161016162820203", `{"a":1,"b":[2,3]}`},
	{"a141016162", `{"b64'AQ=='":"b"}`},
	{"a18201026162", `{"[1,2]":"b"}`},
	{"5f42010243030405ff", `"b64'AQIDBAU='"`},
	{"7f657374726561646d696e67ff", `"streaming"`},
	{"9fff", "[]"},
	{"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
	{"bf61610161629f0203ffff", `{"a":1,"b":[2,3]}`},
	{"a201616161316162", `{"1":"a","1'":"b"}`},
}

var bad = []struct{ name, hex string }{
	{"nothing", ""},
	{"two items", "0000"},
	{"cut off", "64494554"},
	{"a length that is not there", "5b7fffffffffffffff"},
	{"a key twice", "a2616101616102"},
	{"a key twice in two encodings", "a20101180101"},
	{"a key twice in chunks", "a26161017f6161ff02"},
	{"a key twice further down", "81a2616101616102"},
	{"text that is not UTF-8", "62c328"},
	{"a break alone", "ff"},
	{"reserved additional information", "1c"},
	{"a chunk of another kind", "5f6161ff"},
	{"33 levels", strings.Repeat("81", 33) + "00"},
	{"tags without end", strings.Repeat("c6", 5000) + "00"},
	{"an array that promises 2^32 items", "9b0000000100000000"},
}

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for _, c := range good {
		t.Run(c.hex, func(t *testing.T) {
			data := raw(t, c.hex)
			v, err := cbortree.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			j, err := json.Marshal(v.JSON())
			if err != nil || string(j) != c.json {
				t.Errorf("%s, expected %s (%v)", j, c.json, err)
			}
			if string(v.Raw) != string(data) {
				t.Error("the item's own bytes are not all of it")
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			v, err := cbortree.Parse(raw(t, c.hex))
			var syntax *cbortree.SyntaxError
			if !errors.As(err, &syntax) || v.Kind != cbortree.None {
				t.Errorf("%v %v", v.Kind, err)
			}
		})
	}
}

func TestFaultsSayWhere(t *testing.T) {
	for _, c := range []struct{ hex, want string }{
		{"a1616181a1616262c328", "cbor: text that is not UTF-8 at $.a.b (offset 7)"},
		{"82a161610062c328", "cbor: text that is not UTF-8 at $ (offset 5)"},
		{"a16161a2616200616200", `cbor: key b twice in one map at $.a (offset 7)`},
	} {
		if _, err := cbortree.Parse(raw(t, c.hex)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, expected %s", c.hex, err, c.want)
		}
	}
}

func TestLargeMapsHaveEachKeyOnce(t *testing.T) {
	keys := func(n, again int) []byte { // n different keys, then one of them
		b := []byte{0xbf}
		for i := range n {
			b = append(b, 0x19, byte(i>>8), byte(i), 0)
		}
		if again >= 0 {
			b = append(b, 0x1a, 0, 0, byte(again>>8), byte(again), 0)
		}
		return append(b, 0xff)
	}
	for _, n := range []int{1, 11, 12, 13, 14, 100} {
		if v, err := cbortree.Parse(keys(n, -1)); err != nil || len(v.Items) != 2*n {
			t.Errorf("%d keys: %v", n, err)
		}
		for _, again := range []int{0, n / 2, n - 1} {
			if _, err := cbortree.Parse(keys(n, again)); err == nil {
				t.Errorf("key %d of %d twice", again, n)
			}
		}
	}
}

// TestPromisesTakeNoMemory has arrays inside arrays that all promise, and hold, more items than are read.
func TestPromisesTakeNoMemory(t *testing.T) {
	const levels, items = 30, 1 << 16
	var data []byte
	for range levels {
		data = append(data, 0x9a, 0, 1, 0, 0)
	}
	data = append(data, make([]byte, levels*items)...) // the innermost takes items, each other one fewer
	data = data[:len(data)-levels+1]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := cbortree.ParseMax(data, items+levels)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, cbortree.ErrItems) {
		t.Fatalf("%v", err)
	}
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 64 {
		t.Errorf("%d MB for items that are not read", n)
	}
}

func TestLimits(t *testing.T) {
	array := func(n int) []byte { // n items with the array itself
		b := []byte{0x9f}
		for range n - 1 {
			b = append(b, 0)
		}
		return append(b, 0xff)
	}
	for _, c := range []struct {
		name  string
		items int
		limit int
		err   error
	}{
		{"at the caller's limit", 100, 100, nil},
		{"one past it", 101, 100, cbortree.ErrItems},
		{"at the package's limit", cbortree.MaxItems, cbortree.MaxItems, nil},
		{"one past it whatever the caller says", cbortree.MaxItems + 1, math.MaxInt, cbortree.ErrItems},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, used, err := cbortree.ParseMax(array(c.items), c.limit)
			if !errors.Is(err, c.err) || err == nil && (used != c.items || len(v.Items) != c.items-1) || err != nil && v.Kind != cbortree.None {
				t.Errorf("%d items used, %v", used, err)
			}
		})
	}
	for levels, ok := range map[int]bool{31: true, 32: true, 33: false, 10_000: false} {
		var syntax *cbortree.SyntaxError
		if _, err := cbortree.Parse(raw(t, strings.Repeat("81", levels)+"00")); (err == nil) != ok || err != nil && !errors.As(err, &syntax) {
			t.Errorf("%d levels: %v", levels, err)
		}
	}
}

func TestValue(t *testing.T) {
	data, err := cbor.Marshal(map[string]any{
		"text": "x", "empty": "", "date": cbor.Tag{Number: 0, Content: "2026-01-02"}, "minus": -7, "huge": uint64(math.MaxUint64),
		"yes": true, "list": []int{1, 2}, "float": 2.5, "bytes": []byte{1},
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := cbortree.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"text": "x", "empty": "", "date": "2026-01-02", "minus": "", "bytes": "", "none": ""} {
		if got := v.Get(key).Str(); got != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	if !v.Get("empty").IsText() || !v.Get("date").IsText() || v.Get("bytes").IsText() || v.Get("none").IsText() {
		t.Error("what is text")
	}
	if n, ok := v.Get("minus").Int(); !ok || n != -7 {
		t.Errorf("minus: %d %v", n, ok)
	}
	if _, ok := v.Get("huge").Int(); ok {
		t.Error("2^64-1 fits no int64")
	}
	if n, ok := v.Get("float").Number(); !ok || n != 2.5 {
		t.Errorf("float: %v %v", n, ok)
	}
	if len(v.Get("list").List()) != 2 || v.Get("text").List() != nil || !v.Get("yes").True() || v.Get("text").True() {
		t.Error("lists and truth")
	}
	if v.Has("none") || v.Get("text").Get("x").Kind != cbortree.None {
		t.Error("what is not there")
	}
}

// FuzzParse holds the tree against the library: what one reads the other reads, with the same numbers and text.
func FuzzParse(f *testing.F) {
	for _, c := range good {
		f.Add(raw(f, c.hex))
	}
	for _, c := range bad {
		f.Add(raw(f, c.hex))
	}
	if len(good) < 5 {
		f.Fatal("no seeds")
	}
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 32, UTF8: cbor.UTF8RejectInvalid}.DecMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := cbortree.Parse(data)
		if err != nil {
			var syntax *cbortree.SyntaxError
			if v.Kind != cbortree.None || !errors.As(err, &syntax) && !errors.Is(err, cbortree.ErrItems) {
				t.Fatalf("%v %v", v, err)
			}
			return
		}
		if string(v.Raw) != string(data) {
			t.Fatal("the item's own bytes are not all of it")
		}
		if _, err := json.Marshal(v.JSON()); err != nil {
			t.Fatal(err)
		}
		switch v.Kind {
		case cbortree.Uint:
			var n uint64
			if err := mode.Unmarshal(data, &n); err != nil || n != v.N {
				t.Fatalf("%d %d %v", n, v.N, err)
			}
		case cbortree.Text:
			var s string
			if err := mode.Unmarshal(data, &s); err != nil || s != string(v.Data) {
				t.Fatalf("%q %q %v", s, v.Data, err)
			}
		case cbortree.Bytes:
			var b []byte
			if err := mode.Unmarshal(data, &b); err != nil || string(b) != string(v.Data) {
				t.Fatalf("%x %x %v", b, v.Data, err)
			}
		case cbortree.Float:
			var x float64
			if err := mode.Unmarshal(data, &x); err != nil || math.Float64bits(x) != v.N && !math.IsNaN(x) {
				t.Fatalf("%v %v %v", x, math.Float64frombits(v.N), err)
			}
		case cbortree.Array:
			if slices.ContainsFunc(v.Items, func(i cbortree.Value) bool { return i.Kind == cbortree.Tag }) {
				return // the library judges what tags hold, too
			}
			var list []cbor.RawMessage
			if err := mode.Unmarshal(data, &list); err != nil || len(list) != len(v.Items) {
				t.Fatalf("%d %d %v", len(list), len(v.Items), err)
			}
			for i := range list {
				if string(list[i]) != string(v.Items[i].Raw) {
					t.Fatalf("item %d: %x %x", i, list[i], v.Items[i].Raw)
				}
			}
		}
	})
}
