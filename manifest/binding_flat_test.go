package manifest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
)

const (
	intact    = "intact [assertion.bmffHash.match]"
	altered   = "altered [assertion.bmffHash.mismatch]"
	malformed = "not-bound [assertion.bmffHash.malformed]"
	noAlg     = "unknown [algorithm.unsupported]"
	extra     = "intact [assertion.bmffHash.additionalExclusionsPresent assertion.bmffHash.match]"
	partly    = "partial [assertion.bmffHash.additionalExclusionsPresent assertion.bmffHash.match asset.partiallyBound]"
	unbound   = "partial [assertion.bmffHash.additionalExclusionsPresent assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"
)

func flip(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 1
	return out
}

// at is where a box of the type starts; n counts from 0.
func at(b []byte, typ string, n int) int {
	from := 0
	for {
		i := bytes.Index(b[from:], []byte(typ))
		if i < 0 {
			panic("no " + typ)
		}
		if from += i; n == 0 {
			return from - 4
		}
		n--
		from += 4
	}
}

func TestFlat(t *testing.T) {
	ps := flatFile()
	good, m := file(ps), flatMap(ps)
	mdat, moov, free := at(good, "mdat", 0), at(good, "moov", 0), at(good, "free", 0)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"sound":                          {good, intact},
		"media-bit":                      {flip(good, mdat+500), altered},
		"last-bit":                       {flip(good, len(good)-1), altered},
		"movie-bit":                      {flip(good, moov+40), altered},
		"box-type":                       {flip(good, mdat+7), altered},
		"free-box-retyped":               {flip(good, free+7), altered},
		"ftyp-is-left-out":               {flip(good, 9), intact},
		"free-box-appended":              {cat(good, mkbox("free", media(9))), intact},
		"skip-box-appended":              {cat(good, mkbox("skip")), intact},
		"free-box-before-the-media":      {cat(good[:mdat], mkbox("free"), good[mdat:]), altered},
		"one-byte-appended":              {cat(good, []byte{0}), altered},
		"16-bytes-of-junk-appended":      {cat(good, media(16)), altered},
		"clipped-free-box-appended":      {cat(good, u32(100), []byte("free"), media(16)), altered},
		"second-mdat":                    {cat(good, mkbox("mdat", media(9))), altered},
		"second-moov":                    {cat(good, moovBox()), altered},
		"uuid-box-of-others-appended":    {cat(good, mkbox("uuid", media(30))), altered},
		"proof-box-appended":             {cat(good, mkC2PA("merkle", cb(obj{"uniqueId", 1, "localId", 1, "location", 0}))), intact},
		"last-byte-missing":              {good[:len(good)-1], altered},
		"half-missing":                   {good[:len(good)-500], altered},
		"media-and-movie-exchanged":      {cat(good[:moov], good[mdat:], good[moov:mdat]), altered},
		"free-box-with-other-content":    {flip(good, free+20), intact},
		"store-padding-with-a-bit":       {flip(good, free-1), intact},
		"mdat-size-changed-to-64-bit":    {cat(good[:mdat], mklarge("mdat", media(1000))), altered},
		"no-media":                       {good[:mdat], altered},
		"movie-box-in-place-of-the-free": {cat(good[:free], good[moov:mdat], mkbox("free", make([]byte, 40)), good[mdat:]), altered},
	} {
		t.Run(name, func(t *testing.T) {
			b := check(t, c.data, m, "2.4")
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s: %v", got, c.want, texts(b.Findings))
			}
			if (b.State == BindingAltered) != (len(b.Damage) > 0) {
				t.Errorf("state %s, damage %v", b.State, b.Damage)
			}
		})
	}
	t.Run("another-algorithm-of-the-map", func(t *testing.T) {
		if got := codes(check(t, good, m.with("alg", "sha512").with("hash", sha5(hashed(ps, 0))), "2.4")); got != intact {
			t.Error(got)
		}
	})
	t.Run("size-0-to-the-end", func(t *testing.T) {
		zero := slices.Clone(ps)
		zero[4] = kept(cat(u32(0), []byte("mdat"), media(1000)))
		if got := codes(check(t, file(zero), flatMap(zero), "2.4")); got != intact {
			t.Error(got)
		}
	})
	t.Run("signed-with-bytes-behind-the-last-box", func(t *testing.T) {
		tail := media(5)
		m := m.with("hash", sha(hashed(ps, 0), tail))
		if got := codes(check(t, cat(good, tail), m, "2.4")); got != intact {
			t.Error(got)
		}
	})
	t.Run("64-bit-store-box-is-not-left-out", func(t *testing.T) {
		wide := slices.Clone(ps)
		wide[1] = skipped(mklarge("uuid", ps[1].b[8:]))
		if got := codes(check(t, file(wide), flatMap(wide), "2.4")); got != altered {
			t.Error(got)
		}
		wide[1].skip = false
		if got := codes(check(t, file(wide), flatMap(wide), "2.4")); got != intact {
			t.Error(got)
		}
	})
	t.Run("not-a-BMFF-file", func(t *testing.T) {
		if got := codes(check(t, []byte("RIFF\x04\x00\x00\x00AVI "), m, "2.4")); got != altered {
			t.Error(got)
		}
	})
}

func TestAlgorithm(t *testing.T) {
	ps := flatFile()
	good, m := file(ps), flatMap(ps).without("alg")
	for name, c := range map[string]struct {
		own, claim any
		want       string
	}{
		"own":               {"sha256", "sha1", intact},
		"of-the-claim":      {nil, "sha256", intact},
		"none":              {nil, "", noAlg},
		"own-is-sha1":       {"sha1", "sha256", noAlg},
		"misspelt":          {"sha-256", "sha256", noAlg},
		"upper-case":        {"SHA256", "sha256", noAlg},
		"empty":             {"", "sha256", noAlg},
		"another-than-used": {"sha384", "sha256", altered},
	} {
		t.Run(name, func(t *testing.T) {
			r := bytes.NewReader(good)
			l, err := Locate(context.Background(), r, int64(len(good)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(good)), Located: l}, "c2pa.hash.bmff.v2", "", cb(m.with("alg", c.own)), c.claim.(string), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
}

func TestExclusions(t *testing.T) {
	ps := flatFile()
	moov, mdat := ps[3].b, ps[4].b
	find := func(b []byte, typ string) int { return at(b, typ, 0) }
	size := func(b []byte, typ string) int { i := find(b, typ); return int(b[i+2])<<8 | int(b[i+3]) }
	whole := func(typ string) [2]int { return [2]int{find(moov, typ), find(moov, typ) + size(moov, typ)} }
	for name, c := range map[string]struct {
		ex        obj
		skip      int      // piece that is left out as a whole, or 0
		cut       [][2]int // of piece in
		in        int
		want      string
		untouched bool // the exclusion matches nothing
	}{
		"whole-media":                           {ex: obj{"xpath", "/mdat"}, skip: 4, want: unbound},
		"first-media":                           {ex: obj{"xpath", "/mdat[1]"}, skip: 4, want: unbound},
		"second-media":                          {ex: obj{"xpath", "/mdat[2]"}, untouched: true, want: extra},
		"whole-movie":                           {ex: obj{"xpath", "/moov"}, skip: 3, want: partly},
		"sample-table":                          {ex: obj{"xpath", "/moov/trak[1]/mdia/minf/stbl"}, in: 3, cut: [][2]int{whole("stbl")}, want: partly},
		"no-second-track":                       {ex: obj{"xpath", "/moov/trak[2]"}, untouched: true, want: extra},
		"inside-a-box-with-fields":              {ex: obj{"xpath", "/moov/trak/mdia/minf/stbl/stsd/avc1"}, untouched: true, want: extra},
		"chunk-offsets":                         {ex: obj{"xpath", "/moov/trak/mdia/minf/stbl/stco", "subset", arr{obj{"offset", 16, "length", 0}}}, in: 3, cut: [][2]int{{find(moov, "stco") + 16, len(moov)}}, want: extra},
		"subset":                                {ex: obj{"xpath", "/mdat", "subset", arr{obj{"offset", 100, "length", 50}, obj{"offset", 150, "length", 1}}}, in: 4, cut: [][2]int{{100, 151}}, want: partly},
		"subset-to-the-end":                     {ex: obj{"xpath", "/mdat", "subset", arr{obj{"offset", 600, "length", 0}}}, in: 4, cut: [][2]int{{600, len(mdat)}}, want: partly},
		"subset-past-the-end":                   {ex: obj{"xpath", "/mdat", "subset", arr{obj{"offset", 600, "length", uint64(1 << 62)}}}, in: 4, cut: [][2]int{{600, len(mdat)}}, want: partly},
		"subset-behind-the-end":                 {ex: obj{"xpath", "/mdat", "subset", arr{obj{"offset", 1 << 20, "length", 5}}}, untouched: true, want: extra},
		"subset-of-everything-keeps-the-offset": {ex: obj{"xpath", "/mdat", "subset", arr{obj{"offset", 0, "length", 0}}}, in: 4, cut: [][2]int{{0, len(mdat)}}, want: unbound},
		"mandated-subset-without-trees":         {ex: exMdat16, in: 4, cut: [][2]int{{16, len(mdat)}}, want: unbound},
		"length-matches":                        {ex: obj{"xpath", "/moov/mvhd", "length", 108}, in: 3, cut: [][2]int{{8, 116}}, want: partly},
		"length-differs":                        {ex: obj{"xpath", "/moov/mvhd", "length", 107}, untouched: true, want: extra},
		"version-matches":                       {ex: obj{"xpath", "/moov/mvhd", "version", 0}, in: 3, cut: [][2]int{{8, 116}}, want: partly},
		"version-differs":                       {ex: obj{"xpath", "/moov/mvhd", "version", 1}, untouched: true, want: extra},
		"version-of-a-box-without":              {ex: obj{"xpath", "/mdat", "version", 0}, untouched: true, want: extra},
		"flags-exact":                           {ex: obj{"xpath", "/moov/trak/tkhd", "flags", []byte{0, 0, 3}, "exact", true}, in: 3, cut: [][2]int{whole("tkhd")}, want: partly},
		"flags-exact-by-default":                {ex: obj{"xpath", "/moov/trak/tkhd", "flags", []byte{0, 0, 1}}, untouched: true, want: extra},
		"flags-mask":                            {ex: obj{"xpath", "/moov/trak/tkhd", "flags", []byte{0, 0, 1}, "exact", false}, in: 3, cut: [][2]int{whole("tkhd")}, want: partly},
		"flags-mask-asks-for-more":              {ex: obj{"xpath", "/moov/trak/tkhd", "flags", []byte{0, 0, 7}, "exact", false}, untouched: true, want: extra},
		"flags-of-a-box-without":                {ex: obj{"xpath", "/mdat", "flags", []byte{0, 0, 0}, "exact", false}, untouched: true, want: extra},
		"data-matches":                          {ex: obj{"xpath", "/moov/mvhd", "data", arr{obj{"offset", 4, "value", []byte("mvhd")}}}, in: 3, cut: [][2]int{{8, 116}}, want: partly},
		"data-differs":                          {ex: obj{"xpath", "/moov/mvhd", "data", arr{obj{"offset", 4, "value", []byte("mvhe")}}}, untouched: true, want: extra},
		"data-past-the-end":                     {ex: obj{"xpath", "/moov/mvhd", "data", arr{obj{"offset", 106, "value", []byte{0, 0, 0}}}}, untouched: true, want: extra},
		"second-data-item-differs":              {ex: obj{"xpath", "/moov/mvhd", "data", arr{obj{"offset", 4, "value", []byte("mvhd")}, obj{"offset", 8, "value", []byte{9}}}}, untouched: true, want: extra},
		"null-members-count-as-absent":          {ex: obj{"xpath", "/moov/mvhd", "length", nil, "data", nil, "subset", nil, "version", nil, "flags", nil, "exact", nil}, in: 3, cut: [][2]int{{8, 116}}, want: partly},
		"foreign-uuid-boxes":                    {ex: obj{"xpath", "/uuid"}, untouched: true, want: extra},
		"allowed-boxes":                         {ex: obj{"xpath", "/skip[3]"}, untouched: true, want: intact},
	} {
		t.Run(name, func(t *testing.T) {
			ps := slices.Clone(ps)
			if c.skip > 0 {
				ps[c.skip].skip = true
			} else if !c.untouched {
				ps[c.in].cut = c.cut
			}
			m := flatMap(ps).with("exclusions", append(slices.Clone(exDefault), c.ex))
			b := check(t, file(ps), m, "2.4")
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s: %v", got, c.want, texts(b.Findings))
			}
		})
	}
	t.Run("union-of-several", func(t *testing.T) {
		ps := slices.Clone(ps)
		ps[4].cut = [][2]int{{100, 300}}
		m := flatMap(ps).with("exclusions", append(slices.Clone(exDefault),
			obj{"xpath", "/mdat", "subset", arr{obj{"offset", 150, "length", 150}}}, obj{"xpath", "/mdat[1]", "subset", arr{obj{"offset", 100, "length", 100}}}))
		if got := codes(check(t, file(ps), m, "2.4")); got != partly {
			t.Error(got)
		}
	})
	t.Run("a-clipped-box-matches-nothing", func(t *testing.T) {
		ps := slices.Clone(ps)
		ps[4].skip = true
		m := flatMap(ps).with("exclusions", append(slices.Clone(exDefault), obj{"xpath", "/mdat"}))
		data := file(ps)
		if got := codes(check(t, data[:len(data)-1], m, "2.4")); !strings.HasPrefix(got, "altered") {
			t.Error(got)
		}
	})
}

func TestFtypExclusionByVersion(t *testing.T) {
	ps := flatFile()
	for spec, want := range map[string]string{"": intact, "2.2": intact, "2.4": intact, "2.4.1": intact, "2.5": extra, "2.5.0": extra, "2.10": extra, "3": extra, "3.0": extra, "two": intact, "2": intact} {
		if got := codes(check(t, file(ps), flatMap(ps), spec)); got != want {
			t.Errorf("specVersion %q: %s, expected %s", spec, got, want)
		}
	}
}

// One table: a rule of the map a line.
func TestMalformedMaps(t *testing.T) {
	ps := flatFile()
	m := flatMap(ps)
	ex := func(e ...any) obj { return m.with("exclusions", append(slices.Clone(exDefault), e...)) }
	sub := func(items ...any) obj { return ex(obj{"xpath", "/mdat", "subset", arr(items)}) }
	hash := sha()
	tree := obj{"uniqueId", 1, "localId", 0, "count", 1, "alg", "sha256", "hashes", arr{hash}}
	merkle := func(t obj) obj { return m.without("hash").with("merkle", arr{t}) }
	many := func(n int) arr { return slices.Repeat(arr{exFree}, n) }
	for name, c := range map[string]any{
		"no-map":                         arr{},
		"no-CBOR":                        raw{0xff},
		"cut-short":                      raw(cb(m)[:40]),
		"bytes-behind":                   raw(append(cb(m), 0)),
		"exclusions-missing":             m.without("exclusions"),
		"exclusions-null":                m.with("exclusions", nil),
		"exclusions-empty":               m.with("exclusions", arr{}),
		"exclusions-no-array":            m.with("exclusions", obj{}),
		"exclusion-null":                 ex(nil),
		"exclusion-text":                 ex("/mdat"),
		"xpath-missing":                  ex(obj{"length", 1}),
		"xpath-null":                     ex(obj{"xpath", nil}),
		"xpath-empty":                    ex(obj{"xpath", ""}),
		"xpath-relative":                 ex(obj{"xpath", "mdat"}),
		"xpath-any-depth":                ex(obj{"xpath", "//mdat"}),
		"xpath-wildcard":                 ex(obj{"xpath", "/*"}),
		"xpath-trailing-slash":           ex(obj{"xpath", "/moov/"}),
		"xpath-three-characters":         ex(obj{"xpath", "/moo"}),
		"xpath-index-0":                  ex(obj{"xpath", "/moov[0]"}),
		"xpath-index-01":                 ex(obj{"xpath", "/moov[01]"}),
		"xpath-index-negative":           ex(obj{"xpath", "/moov[-1]"}),
		"xpath-index-empty":              ex(obj{"xpath", "/moov[]"}),
		"xpath-index-open":               ex(obj{"xpath", "/moov[1"}),
		"xpath-index-huge":               ex(obj{"xpath", "/moov[99999999999]"}),
		"xpath-17-levels":                ex(obj{"xpath", strings.Repeat("/moov", 17)}),
		"xpath-not-latin":                ex(obj{"xpath", "/mda\u0442"}),
		"length-negative":                ex(obj{"xpath", "/mdat", "length", -1}),
		"length-beyond-int64":            ex(obj{"xpath", "/mdat", "length", uint64(1 << 63)}),
		"length-NaN":                     ex(obj{"xpath", "/mdat", "length", raw{0xf9, 0x7e, 0}}),
		"length-text":                    ex(obj{"xpath", "/mdat", "length", "9"}),
		"version-256":                    ex(obj{"xpath", "/mdat", "version", 256}),
		"flags-of-2-bytes":               ex(obj{"xpath", "/mdat", "flags", []byte{0, 0}}),
		"data-without-value":             ex(obj{"xpath", "/mdat", "data", arr{obj{"offset", 1}}}),
		"data-offset-negative":           ex(obj{"xpath", "/mdat", "data", arr{obj{"offset", -1, "value", []byte{1}}}}),
		"subset-negative-offset":         sub(obj{"offset", -1, "length", 1}),
		"subset-negative-length":         sub(obj{"offset", 1, "length", -1}),
		"subset-without-length":          sub(obj{"offset", 1}),
		"subset-overlap":                 sub(obj{"offset", 10, "length", 10}, obj{"offset", 19, "length", 1}),
		"subset-unsorted":                sub(obj{"offset", 30, "length", 1}, obj{"offset", 10, "length", 1}),
		"subset-0-not-last":              sub(obj{"offset", 10, "length", 0}, obj{"offset", 30, "length", 1}),
		"subset-end-overflows":           sub(obj{"offset", uint64(1<<63 - 1), "length", uint64(1<<63 - 1)}, obj{"offset", 30, "length", 1}),
		"hash-and-merkle-missing":        m.without("hash"),
		"hash-null":                      m.with("hash", nil),
		"hash-empty":                     m.with("hash", []byte{}),
		"hash-text":                      m.with("hash", "abc"),
		"alg-bytes":                      m.with("alg", []byte("sha256")),
		"key-twice":                      append(slices.Clone(m), "hash", sha()),
		"unknown-key-twice":              append(slices.Clone(m), "x", 1, "x", 2),
		"merkle-empty":                   m.without("hash").with("merkle", arr{}),
		"merkle-no-array":                m.without("hash").with("merkle", tree),
		"merkle-without-uniqueId":        merkle(tree.without("uniqueId")),
		"merkle-without-localId":         merkle(tree.without("localId")),
		"merkle-without-count":           merkle(tree.without("count")),
		"merkle-count-0":                 merkle(tree.with("count", 0)),
		"merkle-count-negative":          merkle(tree.with("count", -1)),
		"merkle-count-beyond-int64":      merkle(tree.with("count", uint64(1<<63))),
		"merkle-without-hashes":          merkle(tree.without("hashes")),
		"merkle-hashes-empty":            merkle(tree.with("hashes", arr{})),
		"merkle-hash-null":               merkle(tree.with("hashes", arr{nil})),
		"merkle-hash-empty":              merkle(tree.with("hashes", arr{[]byte{}})),
		"merkle-hashes-of-two-lengths":   merkle(tree.with("count", 2).with("hashes", arr{hash, hash[:31]})),
		"merkle-hash-of-other-length":    merkle(tree.with("hashes", arr{hash[:20]})),
		"merkle-more-hashes-than-leaves": merkle(tree.with("hashes", arr{hash, hash})),
		"merkle-no-such-row":             merkle(tree.with("count", 9).with("hashes", arr{hash, hash, hash, hash})),
		"merkle-fixed-0":                 merkle(tree.with("fixedBlockSize", 0)),
		"merkle-fixed-negative":          merkle(tree.with("fixedBlockSize", -4)),
		"merkle-both-sizes":              merkle(tree.with("fixedBlockSize", 9).with("variableBlockSizes", arr{9})),
		"merkle-variable-0":              merkle(tree.with("variableBlockSizes", arr{0})),
		"merkle-variable-too-many":       merkle(tree.with("variableBlockSizes", arr{500, 500})),
		"merkle-initHash-empty":          merkle(tree.with("initHash", []byte{})),
		"merkle-twice":                   m.without("hash").with("merkle", arr{tree, tree}),
		"257-exclusions":                 m.with("exclusions", many(257)),
		"huge-array-head":                m.with("exclusions", raw{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
		"1025-subset-ranges": sub(func() (out []any) {
			for i := range 1025 {
				out = append(out, obj{"offset", 9 * i, "length", 1})
			}
			return
		}()...),
	} {
		t.Run(name, func(t *testing.T) {
			b := check(t, file(ps), c, "2.4")
			if got := strings.ReplaceAll(codes(b), "assertion.bmffHash.additionalExclusionsPresent ", ""); got != malformed {
				t.Errorf("%s, expected %s", got, malformed)
			}
			if len(b.Findings) > 0 && b.Findings[len(b.Findings)-1].Explanation == "" {
				t.Error("no word on what is wrong")
			}
		})
	}
	t.Run("256-exclusions-are-read", func(t *testing.T) {
		if got := codes(check(t, file(ps), m.with("exclusions", append(many(251), exDefault...)), "2.4")); got != intact {
			t.Error(got)
		}
	})
	t.Run("16-levels-and-1024-ranges-are-read", func(t *testing.T) {
		var list arr
		for i := range 1024 {
			list = append(list, obj{"offset", 1<<20 + 9*i, "length", 1})
		}
		if got := codes(check(t, file(ps), ex(obj{"xpath", strings.Repeat("/moov", 16)}, obj{"xpath", "/mdat", "subset", list}), "2.4")); got != extra {
			t.Error(got)
		}
	})
	t.Run("indefinite-lengths-and-tagged-url-are-read", func(t *testing.T) {
		list := raw{0x9f}
		for _, e := range exDefault {
			list = append(list, cb(e)...)
		}
		m := m.with("exclusions", append(list, 0xff)).with("url", raw(append([]byte{0xd8, 0x20}, cb("https://example.org")...)))
		if got := codes(check(t, file(ps), m, "2.4")); got != intact {
			t.Error(got)
		}
	})
}

func TestSamplesOutsideTheBoundRanges(t *testing.T) {
	build := func(moov func(mdat, free int) []byte) string {
		ps := flatFile()
		n := len(moov(0, 0))
		mdat := len(file(ps[:3])) + n + 8
		ps[3] = kept(moov(mdat, len(file(ps[:2]))+8))
		return codes(check(t, file(ps), flatMap(ps), "2.4"))
	}
	for name, c := range map[string]struct {
		moov func(mdat, free int) []byte
		want string
	}{
		"in-the-media":       {func(mdat, _ int) []byte { return moovBox(mdat, mdat+10) }, intact},
		"in-a-free-box":      {func(mdat, free int) []byte { return moovBox(mdat, free) }, "partial [assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"},
		"half-in-a-free-box": {func(_, free int) []byte { return moovBox(free + 31) }, "partial [assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"},
		"in-the-store-box":   {func(_, free int) []byte { return moovBox(free - 60) }, "partial [assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"},
		"behind-the-end":     {func(int, int) []byte { return moovBox(1 << 30) }, "partial [assertion.bmffHash.match asset.partiallyBound asset.unboundTrack]"},
		"in-another-file": {func(mdat, _ int) []byte {
			return moovWith(mkfull("stco", 0, 0, u32(1), u32(mdat)), mkfull("url ", 0, 0, []byte("other.mp4\x00")))
		}, "partial [assertion.bmffHash.match asset.externalData asset.partiallyBound]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := build(c.moov); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
	t.Run("offsets-not-bound-and-backwards", func(t *testing.T) {
		ps := flatFile()
		mdat := len(file(ps[:3])) + len(moovBox(0, 0, 0)) + 8
		ps[3] = kept(moovBox(mdat+500, mdat, mdat+10))
		ps[3].cut = [][2]int{{at(ps[3].b, "stco", 0) + 16, len(ps[3].b)}}
		m := flatMap(ps).with("exclusions", append(slices.Clone(exDefault), obj{"xpath", "/moov/trak/mdia/minf/stbl/stco", "subset", arr{obj{"offset", 16, "length", 0}}}))
		if got := codes(check(t, file(ps), m, "2.4")); got != partly {
			t.Errorf("%s, expected %s", got, partly)
		}
	})
}

// TestRowsCoverTheFile: every byte is in exactly one row, included or left out by a named rule.
func TestRowsCoverTheFile(t *testing.T) {
	ps := flatFile()
	ps[4].cut = [][2]int{{100, 300}}
	data := cat(file(ps), []byte("tail"))
	m := flatMap(ps).with("exclusions", append(slices.Clone(exDefault), obj{"xpath", "/mdat", "subset", arr{obj{"offset", 100, "length", 200}}}))
	b := check(t, data, m.with("hash", sha(hashed(ps, 0), []byte("tail"))), "2.4")
	var bound int64
	next := int64(0)
	for _, r := range b.Rows {
		if r.Offset != next || r.Included == (r.Rule != "") {
			t.Errorf("row %+v, expected offset %d", r, next)
		}
		if r.Included {
			bound += r.Length
		}
		next = r.End()
	}
	if next != int64(len(data)) || bound != b.Bound || b.State != BindingPartial || len(b.Digests) != 1 || !b.Digests[0].OK {
		t.Errorf("rows end at %d of %d; %d bound, %d said; %s; %v", next, len(data), bound, b.Bound, b.State, b.Digests)
	}
}

func TestAPathThroughMetaIsASecondReading(t *testing.T) {
	iloc := mkfull("iloc", 0, 0, media(16))
	meta := mkfull("meta", 0, 0, mkfull("hdlr", 0, 0, u32(0), []byte("pict"), make([]byte, 13)), iloc)
	ps := []piece{skipped(ftypBox), skipped(mkStore("manifest")), {b: meta, cut: [][2]int{{len(meta) - len(iloc), len(meta)}}}, kept(mkbox("mdat", media(300)))}
	data := file(ps)
	into := obj{"exclusions", append(slices.Clone(exDefault), obj{"xpath", "/meta/iloc"}), "alg", "sha256", "hash", sha(hashed(ps, 0)), "name", "test"}
	strict := slices.Clone(ps)
	strict[2] = kept(meta)
	for name, c := range map[string]struct {
		data []byte
		m    obj
		want string
		note bool
	}{
		"left-out":                   {data, into, partly, true},
		"changed-in-what-is-left":    {flip(data, at(data, "iloc", 0)+14), into, partly, true},
		"changed-beside-it":          {flip(data, at(data, "hdlr", 0)+20), into, "altered [assertion.bmffHash.additionalExclusionsPresent assertion.bmffHash.mismatch]", false},
		"changed-media":              {flip(data, len(data)-1), into, "altered [assertion.bmffHash.additionalExclusionsPresent assertion.bmffHash.mismatch]", false},
		"hashed-as-the-clause-says":  {data, into.with("hash", sha(hashed(strict, 0))), extra, false},
		"nothing-asks-for-a-path-in": {data, into.with("exclusions", exDefault), altered, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := check(t, c.data, c.m, "2.4")
			if got := codes(b); got != c.want {
				t.Errorf("%s, expected %s: %v", got, c.want, texts(b.Findings))
			}
			if (len(b.Notes) > 0) != c.note {
				t.Errorf("notes %v", b.Notes)
			}
		})
	}
}
