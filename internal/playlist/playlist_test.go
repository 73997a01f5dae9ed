package playlist_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/playlist"
)

// folder is files by path.
type folder map[string]string

func (f folder) open(p string) ([]byte, error) {
	s, ok := f[p]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}

// show is a playlist in one line a rendition: "name: [init] path+offset:length …".
func show(p *playlist.Playlist) string {
	var out []string
	for _, r := range p.Renditions {
		line := r.Name + ":"
		for _, i := range r.Items {
			line += " "
			if i.Init {
				line += "*"
			}
			line += i.Path
			if i.Length != playlist.Whole {
				line += fmt.Sprintf("+%d:%d", i.Offset, i.Length)
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func mpd(attrs, inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" ` + attrs + `>` + inside + `</MPD>`
}

func period(inside string) string {
	return mpd(`mediaPresentationDuration="PT10S"`, `<Period>`+inside+`</Period>`)
}

func rep(template string) string {
	return period(`<AdaptationSet><Representation id="v1" bandwidth="800">` + template + `</Representation></AdaptationSet>`)
}

var cases = []struct {
	name, text string
	want       string
	unread     string
}{
	{"dash: numbers and a duration", rep(`<SegmentTemplate initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%03d$.m4s" duration="4000" timescale="1000"/>`), "v1: *v1/init.mp4 v1/001.m4s v1/002.m4s v1/003.m4s", ""},
	{"dash: a first and a last number", rep(`<SegmentTemplate initialization="i" media="s$Number$" startNumber="7" endNumber="8"/>`), "v1: *i s7 s8", ""},
	{"dash: the first number is 0", rep(`<SegmentTemplate initialization="i" media="s$Number$" startNumber="0" endNumber="1"/>`), "v1: *i s0 s1", ""},
	{"dash: a timeline", rep(`<SegmentTemplate initialization="i" media="s$Time$" timescale="10"><SegmentTimeline><S t="5" d="20" r="1"/><S d="30"/></SegmentTimeline></SegmentTemplate>`), "v1: *i s5 s25 s45", ""},
	{"dash: a timeline up to the end of the period", rep(`<SegmentTemplate initialization="i" media="s$Number$" timescale="10"><SegmentTimeline><S t="0" d="40" r="-1"/></SegmentTimeline></SegmentTemplate>`), "v1: *i s1 s2 s3", ""},
	{"dash: a timeline up to the next row", rep(`<SegmentTemplate initialization="i" media="s$Time$"><SegmentTimeline><S t="0" d="2" r="-1"/><S t="4" d="1"/></SegmentTimeline></SegmentTemplate>`), "v1: *i s0 s2 s4", ""},
	{"dash: a bandwidth and a dollar", rep(`<SegmentTemplate initialization="$Bandwidth%05d$.mp4" media="$$1.m4s"/>`), "v1: *00800.mp4 $1.m4s", ""},
	{"dash: a list", rep(`<SegmentList><Initialization sourceURL="i.mp4"/><SegmentURL media="a.m4s"/><SegmentURL media="b.m4s" mediaRange="10-19"/></SegmentList>`), "v1: *i.mp4 a.m4s b.m4s+10:10", ""},
	{"dash: ranges of one file", rep(`<BaseURL>v.mp4</BaseURL><SegmentList><Initialization range="0-99"/><SegmentURL mediaRange="100-199"/></SegmentList>`), "v1: *v.mp4+0:100 v.mp4+100:100", ""},
	{"dash: one file with an index", rep(`<BaseURL>v.mp4</BaseURL><SegmentBase indexRange="100-200"><Initialization range="0-99"/></SegmentBase>`), "v1: v.mp4", ""},
	{"dash: addresses at every level", mpd(`mediaPresentationDuration="PT1S"`, `<BaseURL>a/</BaseURL><BaseURL>b/</BaseURL><Period><BaseURL>c/</BaseURL><AdaptationSet><BaseURL>d/</BaseURL><Representation id="r"><BaseURL>e/</BaseURL><SegmentTemplate media="s.m4s"/></Representation></AdaptationSet></Period>`), "r: a/c/d/e/s.m4s", "1 further addresses of the same files (BaseURL)"},
	{"dash: what is inherited", period(`<SegmentTemplate timescale="10" initialization="$RepresentationID$.mp4"/><AdaptationSet><SegmentTemplate media="$RepresentationID$-$Number$.m4s" duration="50"/><Representation id="a"/><Representation id="b"><SegmentTemplate startNumber="5"/></Representation></AdaptationSet>`), "a: *a.mp4 a-1.m4s a-2.m4s\nb: *b.mp4 b-5.m4s b-6.m4s", ""},
	{"dash: what is inherited over three levels", mpd(`mediaPresentationDuration="PT10S"`, `<Period><SegmentList><Initialization sourceURL="i"/><SegmentURL media="a"/><SegmentURL media="b"/></SegmentList><AdaptationSet><SegmentList timescale="1"/><Representation id="a"><SegmentList/></Representation><Representation id="b"><SegmentList><SegmentURL media="c"/></SegmentList></Representation></AdaptationSet></Period>`), "a: *i a b\nb: *i c", ""},
	{"dash: two periods", mpd(`mediaPresentationDuration="PT1M"`, `<Period duration="PT2S"><AdaptationSet><Representation id="v"><SegmentTemplate media="a$Number$" duration="1"/></Representation></AdaptationSet></Period><Period start="PT57.5S"><AdaptationSet><Representation id="v"><SegmentTemplate media="b$Number$" duration="1"/></Representation></AdaptationSet></Period>`), "period 1: v: a1 a2\nperiod 2: v: b1 b2 b3", ""},
	{"dash: the same name twice", period(`<AdaptationSet><Representation id="v"><BaseURL>a.mp4</BaseURL></Representation><Representation id="v"><BaseURL>b.mp4</BaseURL></Representation></AdaptationSet>`), "v: a.mp4\nv#2: b.mp4", ""},
	{"dash: letters of an address", rep(`<BaseURL>a%20b/%C3%A9.mp4</BaseURL>`), "v1: a b/é.mp4", ""},
	{"dash: a way down and up again", rep(`<BaseURL>x/../v.mp4</BaseURL>`), "v1: v.mp4", ""},
	{"hls: segments", "#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXT-X-MAP:URI=\"init.mp4\"\r\n#EXTINF:4,a title\r\ns1.m4s\r\n#EXTINF:4,\r\ns2.m4s\r\n#EXT-X-ENDLIST\r\n", "list: *init.mp4 s1.m4s s2.m4s", ""},
	{"hls: ranges", "#EXTM3U\n#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"100@0\"\n#EXT-X-BYTERANGE:50@100\nv.mp4\n#EXT-X-BYTERANGE:60\nv.mp4\n", "list: *v.mp4+0:100 v.mp4+100:50 v.mp4+150:60", ""},
	{"hls: a second initialization segment", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\ns1\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"b\"\ns2", "list: *a s1 *b s2", ""},
	{"hls: a segment that is said to be missing", "#EXTM3U\ns1\n#EXT-X-GAP\ns2\ns3", "list: s1 s3", `"s2" is said to be missing (EXT-X-GAP)`},
	{"hls: encrypted segments", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\ns1", "list: s1", `segments of "list" are said to be encrypted`},
	{"hls: ranges up to the largest offset", "#EXTM3U\n#EXT-X-BYTERANGE:4611686018427387903@0\ns1\n#EXT-X-BYTERANGE:4611686018427387903\ns1\n", "list: s1+0:4611686018427387903 s1+4611686018427387903:4611686018427387903", ""},
	{"hls: a rendition of nothing", "#EXTM3U\n#EXT-X-STREAM-INF:\na/en.m3u8\n#EXT-X-STREAM-INF:\nempty\n", "a/en.m3u8: *a/i.mp4 a/s.m4s", `"empty" lists no segment`},
	{"hls: renditions", "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"a/en.m3u8\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"in\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/1.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nv/1.m3u8\n#EXT-X-I-FRAME-STREAM-INF:URI=\"v/i.m3u8\"\n", "a/en.m3u8: *a/i.mp4 a/s.m4s\nv/1.m3u8: *v/i.mp4 i.m4s", `"v/i.m3u8" is a list for trick play: it names parts of files that other lists name`},
}

var lists = folder{
	"a/en.m3u8": "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\ns.m4s\n",
	"v/1.m3u8":  "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n../i.m4s\n",
	"loop":      "#EXTM3U\n#EXT-X-STREAM-INF:\nloop\n",
	"no-list":   "hello",
	"empty":     "#EXTM3U\n",
	"large":     "#EXTM3U\n" + strings.Repeat("#\n", playlist.MaxFile/2),
}

func TestRead(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := playlist.Read("list", []byte(c.text), lists.open)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(p); got != c.want {
				t.Errorf("%s\nexpected\n%s", got, c.want)
			}
			if got := strings.Join(p.Unread, "; "); got != c.unread {
				t.Errorf("unread %q, expected %q", got, c.unread)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	path := func(name, p string) [3]string {
		return [3]string{name, rep(`<BaseURL>` + p + `</BaseURL>`), ""}
	}
	const numbers = `<SegmentTemplate media="s$Number$" `
	for _, c := range [][3]string{
		{"nothing", "", "neither"},
		{"another text", "hello", "neither"},
		{"bytes that are no text", "#EXTM3U\n\xff", "not UTF-8"},
		{"a zero byte", "#EXTM3U\na\x00b", "not UTF-8"},
		{"a document type", `<!DOCTYPE MPD [<!ENTITY a "b">]>` + rep(`<BaseURL>v.mp4</BaseURL>`), "document type"},
		{"an entity", rep(`<BaseURL>&a;.mp4</BaseURL>`), "entity"},
		{"another encoding", `<?xml version="1.0" encoding="utf-16"?><MPD/>`, "encoding"},
		{"a document that does not end", "<MPD><Period>", "EOF"},
		{"two documents", "<MPD/><MPD/>", "second document"},
		{"another document", "<svg/>", "no DASH presentation"},
		{"hls: a playlist of playlists of nothing", "#EXTM3U\n#EXT-X-STREAM-INF:\nempty\n", "lists no segment"},
		{"a presentation of nothing", mpd("", ""), "lists no segment"},
		{"an attribute twice", rep(`<SegmentTemplate media="a" media="b"/>`), "twice"},
		path("a path up", "../v.mp4"), path("a path up, in between", "a/../../v.mp4"), path("a path up, hidden", "%2e%2e%2fv.mp4"),
		path("an absolute path", "/etc/passwd"), path("a hidden absolute path", "%2fetc/passwd"), path("a host", "https://example.com/v.mp4"),
		path("a host without a scheme", "//example.com/v.mp4"), path("a file address", "file:///etc/passwd"), path("a query", "v.mp4?a"),
		path("a backslash", `a\v.mp4`), path("a hidden zero", "a%00.mp4"), path("a folder", "a/"), path("bytes that are no text", "%ff.mp4"),
		{"a path up, by a representation's name", period(`<AdaptationSet><Representation id="../../x"><SegmentTemplate media="$RepresentationID$/s"/></Representation></AdaptationSet>`), "out of"},
		{"a path up, from an address", rep(`<BaseURL>a/</BaseURL><SegmentTemplate media="../../s"/>`), "out of"},
		{"a part that lies elsewhere", mpd("", `<Period xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://example.com/p"/>`), "lies elsewhere"},
		{"no pattern", rep(`<SegmentTemplate initialization="i"/>`), "no media"},
		{"no length", mpd(`type2="dynamic"`, `<Period><AdaptationSet><Representation id="v">`+numbers+`duration="2"/></Representation></AdaptationSet></Period>`), "not known"},
		{"no duration", rep(numbers + `/>`), "not known"},
		{"a timescale of 0", rep(numbers + `duration="2" timescale="0"/>`), "no such number"},
		{"a negative number", rep(numbers + `duration="-2"/>`), "no such number"},
		{"a number too large", rep(numbers + `duration="99999999999999999999"/>`), "no such number"},
		{"a pattern that does not end", rep(`<SegmentTemplate media="s$Number"  duration="2"/>`), "does not end"},
		{"a pattern of its own", rep(`<SegmentTemplate media="s$Number$$SubNumber$" duration="2"/>`), "none that is known"},
		{"a format of its own", rep(`<SegmentTemplate media="s$Number%x$" duration="2"/>`), "none that is known"},
		{"a format too wide", rep(`<SegmentTemplate media="s$Number%021d$" duration="2"/>`), "none that is known"},
		{"a row without a duration", rep(numbers + `><SegmentTimeline><S t="1"/></SegmentTimeline></SegmentTemplate>`), "without a duration"},
		{"a row that ends nowhere", rep(numbers + `><SegmentTimeline><S t="99" d="1" r="-1"/></SegmentTimeline></SegmentTemplate>`), "not known"},
		{"a row of too many", rep(numbers + `><SegmentTimeline><S t="0" d="1" r="9223372036854775807"/></SegmentTimeline></SegmentTemplate>`), "more than"},
		{"times too large", rep(`<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="1000000000000000000" r="3"/></SegmentTimeline></SegmentTemplate>`), "too large"},
		{"a length of time that is none", mpd(`mediaPresentationDuration="P1Y"`, ""), "no length of time"},
		{"a list without a segment", rep(`<SegmentList/>`), "without a segment"},
		{"a list of nothing but an initialization segment", rep(`<SegmentList><Initialization sourceURL="i"/></SegmentList>`), "without a segment"},
		{"a list without a segment beside one that has some", period(`<AdaptationSet><Representation id="a"><BaseURL>v.mp4</BaseURL></Representation><Representation id="b"><SegmentList/></Representation></AdaptationSet>`), "without a segment"},
		{"a timeline without a row", rep(`<SegmentTemplate initialization="i" media="s$Time$"><SegmentTimeline/></SegmentTemplate>`), "no segment"},
		{"a bandwidth of many digits", period(`<AdaptationSet><Representation bandwidth="` + strings.Repeat("0", 20) + `1"><SegmentTemplate media="s$Bandwidth$"/></Representation></AdaptationSet>`), "gives none"},
		{"a template of one segment that leads out", rep(`<SegmentTemplate media="../s"/>`), "out of"},
		{"a range backwards", rep(`<SegmentList><SegmentURL media="a" mediaRange="9-3"/></SegmentList>`), "no range"},
		{"hls: an address that is missing", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "no address"},
		{"hls: segments and playlists", "#EXTM3U\ns1\n#EXT-X-STREAM-INF:\nv/1.m3u8\n", "in one file"},
		{"hls: playlists in playlists", "#EXTM3U\n#EXT-X-STREAM-INF:\nloop\n", "inside of one"},
		{"hls: a playlist that is none", "#EXTM3U\n#EXT-X-STREAM-INF:\nno-list\n", "no HLS"},
		{"hls: a host", "#EXTM3U\nhttps://example.com/s1\n", "on the network"},
		{"hls: a key of a map that leads out", "#EXTM3U\n#EXT-X-MAP:URI=\"../i\"\n", "out of"},
		{"hls: a variable", "#EXTM3U\n{$a}/s1\n", "variables"},
		{"hls: a range that follows nothing", "#EXTM3U\n#EXT-X-BYTERANGE:5\ns1\n", "no offset"},
		{"hls: ranges that end past all files", "#EXTM3U\n#EXT-X-BYTERANGE:4611686018427387903@0\ns1\n" + strings.Repeat("#EXT-X-BYTERANGE:4611686018427387903\ns1\n", 3), "no such range"},
		{"hls: a range of nothing", "#EXTM3U\n#EXT-X-BYTERANGE:0@5\ns1\n", "no such range"},
		{"hls: a range that is none", "#EXTM3U\n#EXT-X-BYTERANGE:x\ns1\n", "no number"},
		{"hls: a quoted text that does not end", "#EXTM3U\n#EXT-X-MAP:URI=\"i\n", "does not end"},
		{"hls: an attribute twice", "#EXTM3U\n#EXT-X-MAP:URI=\"i\",URI=\"j\"\n", "twice"},
	} {
		t.Run(c[0], func(t *testing.T) {
			p, err := playlist.Read("list", []byte(c[1]), lists.open)
			var syntax *playlist.SyntaxError
			if p != nil || !errors.As(err, &syntax) || !strings.Contains(syntax.Error(), c[2]) {
				t.Errorf("%v, expected a syntax error about %q", err, c[2])
			}
		})
	}
	if _, err := playlist.Read("list", []byte("#EXTM3U\n#EXT-X-STREAM-INF:\ngone.m3u8\n"), lists.open); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a playlist that is not there: %v", err)
	}
	if _, err := playlist.Read("list", []byte("#EXTM3U\n#EXT-X-STREAM-INF:\ngone.m3u8\n"), nil); err == nil {
		t.Error("playlists in a playlist, and nobody can open them")
	}
}

func TestLimits(t *testing.T) {
	reps := func(n int) string {
		return period(`<AdaptationSet>` + strings.Repeat(`<Representation id="v"><BaseURL>v.mp4</BaseURL></Representation>`, n) + `</AdaptationSet>`)
	}
	for _, c := range []struct {
		name string
		with func(n int) string
		most int
	}{
		{"bytes", func(n int) string { return "#EXTM3U\ns1\n" + strings.Repeat("#", n-11) }, playlist.MaxFile},
		{"segments by number", func(n int) string {
			return rep(fmt.Sprintf(`<SegmentTemplate media="$Number$" endNumber="%d"/>`, n))
		}, playlist.MaxItems},
		{"segments of a timeline", func(n int) string {
			return rep(fmt.Sprintf(`<SegmentTemplate media="$Number$"><SegmentTimeline><S d="1" r="%d"/></SegmentTimeline></SegmentTemplate>`, n-1))
		}, playlist.MaxItems},
		{"segments of a list", func(n int) string {
			return rep(`<SegmentList>` + strings.Repeat(`<SegmentURL media="a"/>`, n) + `</SegmentList>`)
		}, playlist.MaxItems},
		{"segments of HLS", func(n int) string { return "#EXTM3U\n" + strings.Repeat("s\n", n) }, playlist.MaxItems},
		{"lines", func(n int) string { return "#EXTM3U\ns\n" + strings.Repeat("#\n", n-2) }, playlist.MaxElements},
		{"elements", func(n int) string { return rep(`<BaseURL>v</BaseURL>` + strings.Repeat("<a/>", n-5)) }, playlist.MaxElements},
		{"levels", func(n int) string {
			return rep(`<BaseURL>v</BaseURL>` + strings.Repeat("<a>", n-4) + strings.Repeat("</a>", n-4))
		}, playlist.MaxDepth},
		{"renditions", reps, playlist.MaxRenditions},
		{"renditions at one address", func(n int) string {
			return period(`<AdaptationSet><SegmentTemplate media="s"/>` + strings.Repeat(`<Representation/>`, n) + `</AdaptationSet>`)
		}, playlist.MaxRenditions},
		{"bytes of an address", func(n int) string { return rep(`<BaseURL>v` + strings.Repeat("/", n-2) + `w</BaseURL>`) }, 4 * playlist.MaxPath},
		{"bytes of an address in pieces", func(n int) string { return rep(`<BaseURL>v` + strings.Repeat("<!-- -->/", n-2) + `w</BaseURL>`) }, 4 * playlist.MaxPath},
		{"bytes of a representation's name", func(n int) string {
			return period(`<AdaptationSet><Representation id="v` + strings.Repeat("/", n-2) + `w"><SegmentTemplate media="$RepresentationID$"/></Representation></AdaptationSet>`)
		}, 4 * playlist.MaxPath},
		{"bytes of a path", func(n int) string { return "#EXTM3U\n" + strings.Repeat("s", n) }, playlist.MaxPath},
		{"playlists of HLS", func(n int) string {
			s := "#EXTM3U\n"
			for i := range n {
				s += fmt.Sprintf("#EXT-X-STREAM-INF:\n%d.m3u8\n", i)
			}
			return s
		}, playlist.MaxRenditions},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func(string) ([]byte, error) { return []byte("#EXTM3U\ns\n"), nil }
			if _, err := playlist.Read("list", []byte(c.with(c.most)), open); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			var syntax *playlist.SyntaxError
			if _, err := playlist.Read("list", []byte(c.with(c.most+1)), open); !errors.As(err, &syntax) {
				t.Errorf("past the limit: %v", err)
			}
		})
	}
	if _, err := playlist.Read("list", []byte("#EXTM3U\n#EXT-X-STREAM-INF:\nlarge\n"), lists.open); err == nil {
		t.Error("a large playlist in a playlist")
	}
	for n, notes := range map[int]int{64: 64, 65: 65, 100: 65} { // of which the last says that there are more
		text := "#EXTM3U\ns\n"
		for i := range n {
			text += fmt.Sprintf("#EXT-X-GAP\ng%d\n", i)
		}
		p, err := playlist.Read("list", []byte(text), nil)
		if err != nil || len(p.Unread) != notes || strings.HasPrefix(p.Unread[notes-1], "and more") != (n > 64) {
			t.Errorf("%d things unread: %v, %d notes", n, err, len(p.Unread))
		}
	}
}

// TestWorkIsLinear: what many representations inherit is not copied for each, and what nobody asks for is not kept.
// Bytes are counted, not time.
func TestWorkIsLinear(t *testing.T) {
	for _, c := range []struct{ name, above, inside string }{
		{"children that nobody asks for", strings.Repeat("<X/>", 20_000) + `<SegmentURL media="s"/>`, `<SegmentList/>`},
		{"initialization segments", strings.Repeat("<Initialization/>", 20_000) + `<SegmentURL media="s"/>`, `<SegmentList/>`},
		{"rows that are replaced", strings.Repeat(`<SegmentURL media="t"/>`, 20_000), `<SegmentList><SegmentURL media="s"/></SegmentList>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			spent := func(n int) uint64 {
				text := []byte(period(`<AdaptationSet><SegmentList>` + c.above + `</SegmentList>` + strings.Repeat(`<Representation><BaseURL>v</BaseURL>`+c.inside+`</Representation>`, n) + `</AdaptationSet>`))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if _, err := playlist.Read("list", text, nil); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			if one, all := spent(1), spent(playlist.MaxRenditions); all > 2*one {
				t.Errorf("%d bytes for one representation, %d for %d", one, all, playlist.MaxRenditions)
			}
		})
	}
}

// TestAddressesAreBoundedTogether: many segments below long addresses are given up before they are all worked out.
func TestAddressesAreBoundedTogether(t *testing.T) {
	// A rendition counts one, and each address one, its base and itself: 33,506 segments with a base of 4,000 bytes leave
	// 3,797 of 128 MiB, of which the next rendition takes one, its address one and the playlist's own name four.
	with := func(last string) string {
		return period(`<AdaptationSet><Representation><BaseURL>` + strings.Repeat("./", 2000) + `</BaseURL><SegmentTemplate media="$Number$" endNumber="33506"/></Representation>` +
			`<Representation><SegmentList><SegmentURL media="` + strings.Repeat("./", 1895) + last + `"/></SegmentList></Representation></AdaptationSet>`)
	}
	if _, err := playlist.Read("list", []byte(with("x")), nil); err != nil {
		t.Error(err)
	}
	if _, err := playlist.Read("list", []byte(with("xx")), nil); err == nil || !strings.Contains(err.Error(), "together") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead: every file lies inside the folder, no limit is passed, and what is read is the same each time.
func FuzzRead(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := playlist.Read("dir/list", b, lists.open)
		var syntax *playlist.SyntaxError
		if (p == nil) != (err != nil) || err != nil && !errors.As(err, &syntax) && !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%v, %v", p, err)
		}
		if err != nil {
			return
		}
		n, names := 0, map[string]bool{}
		for _, r := range p.Renditions {
			if names[r.Name] || len(r.Items) == 0 {
				t.Errorf("rendition %q: twice or empty", r.Name)
			}
			names[r.Name] = true
			for _, i := range r.Items {
				if n++; !fs.ValidPath(i.Path) || i.Path == "." || strings.ContainsAny(i.Path, "\\\x00\n") || len(i.Path) > playlist.MaxPath {
					t.Errorf("path %q", i.Path)
				}
				if i.Offset < 0 || i.Length != playlist.Whole && (i.Length <= 0 || i.Offset+i.Length < 0) {
					t.Errorf("range %d+%d", i.Offset, i.Length)
				}
			}
		}
		if n > playlist.MaxItems || len(p.Renditions) > playlist.MaxRenditions {
			t.Errorf("%d segments, %d renditions", n, len(p.Renditions))
		}
		again, err := playlist.Read("dir/list", b, lists.open)
		if err != nil || show(again) != show(p) {
			t.Errorf("read again: %v", err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := []byte(rep(`<SegmentTemplate media="v/$Number%05d$.m4s" endNumber="10000"/>`))
	for b.Loop() {
		if _, err := playlist.Read("list", text, nil); err != nil {
			b.Fatal(err)
		}
	}
}
