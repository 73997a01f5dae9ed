package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

func locate(t testing.TB, data []byte, lim Limits) *Located {
	t.Helper()
	l, err := Locate(context.Background(), bytes.NewReader(data), int64(len(data)), lim)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSniff(t *testing.T) {
	brand := func(b string) []byte { return mkbox("ftyp", []byte(b), u32(0), []byte("isom")) }
	ts := func(packet, at int) []byte {
		b := make([]byte, 6*packet)
		for i := at; i < len(b); i += packet {
			b[i] = 0x47
		}
		return b
	}
	const read, divided, unread, none, unknown = "read", "divided", "not supported yet", "no carrier", "not supported: "
	for name, c := range map[string]struct {
		data []byte
		want string
		how  string
	}{
		"mp4":                 {brand("isom"), "mp4", read},
		"mp4-of-dash":         {mkbox("styp", []byte("msdh"), u32(0)), "mp4", read},
		"mov":                 {brand("qt  "), "mov", read},
		"mov-without-ftyp":    {mkbox("moov"), "mov", read},
		"mov-media-first":     {mkbox("mdat", media(5)), "mov", read},
		"m4a":                 {brand("M4A "), "m4a", read},
		"m4v":                 {brand("M4V "), "m4v", read},
		"3gp":                 {brand("3gp4"), "3gp", read},
		"3g2":                 {brand("3g2a"), "3gp", read},
		"heif":                {brand("heic"), "heif", read},
		"avif":                {brand("avif"), "avif", read},
		"free-first":          {cat(mkbox("free"), brand("qt  ")), "mov", read},
		"ftyp-of-8-bytes":     {mkbox("ftyp"), "mp4", read},
		"avi":                 {[]byte("RIFF\x00\x00\x00\x00AVI LIST"), "avi", divided},
		"wav":                 {[]byte("RIFF\x00\x00\x00\x00WAVEfmt "), "wav", divided},
		"wav-of-64-bit":       {[]byte("RF64\xff\xff\xff\xffWAVEds64"), "wav", divided},
		"webp":                {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "webp", divided},
		"mp3-with-ID3":        {[]byte("ID3\x04\x00\x00\x00\x00\x00\x02ab\xff\xfb\x90\x00"), "mp3", divided},
		"mp3":                 {[]byte("\xff\xfb\x90\x00aaaa"), "mp3", divided},
		"flac-with-ID3":       {[]byte("ID3\x04\x00\x00\x00\x00\x00\x02abfLaC"), "flac", divided},
		"flac":                {[]byte("fLaC\x00\x00\x00\x22"), "flac", divided},
		"ogg":                 {[]byte("OggS\x00\x02"), "ogg", divided},
		"jpeg":                {[]byte("\xff\xd8\xff\xe0"), "jpeg", divided},
		"png":                 {[]byte("\x89PNG\r\n\x1a\n"), "png", divided},
		"tiff":                {[]byte("II*\x00"), "tiff", unread},
		"mkv":                 {[]byte("\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"), "mkv", none},
		"webm":                {[]byte("\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"), "webm", none},
		"mpegts":              {ts(188, 0), "mpegts", none},
		"mpegts-of-192":       {ts(192, 4), "mpegts", none},
		"mxf":                 {[]byte("\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01"), "mxf", none},
		"flv":                 {[]byte("FLV\x01\x05"), "flv", none},
		"aac":                 {[]byte("\xff\xf1\x50\x80\x00\x1f\xfc"), "aac", none},
		"nothing":             {nil, "", unknown},
		"text":                {[]byte("hello, this is text"), "", unknown},
		"two-sync-bytes-only": {ts(188, 0)[:200], "", unknown},
		"size-of-3":           {[]byte("\x00\x00\x00\x03ftypisom"), "mp4", read},
		"a-moov-of-3":         {[]byte("\x00\x00\x00\x03moovtrak"), "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			l := locate(t, c.data, Limits{})
			how := read
			switch {
			case l.Parts != nil:
				how = divided
			case strings.HasPrefix(l.NotSupported, unread):
				how = unread
			case strings.HasPrefix(l.NotSupported, unknown):
				how = unknown
			case strings.HasPrefix(l.NoCarrier, "this container has no C2PA carrier"):
				how = none
			case l.NotSupported != "" || l.NoCarrier != "":
				how = l.NotSupported + l.NoCarrier
			}
			if l.Container != c.want || how != c.how || (l.File != nil) != (how == read) || l.Store != nil {
				t.Errorf("%q, %s; expected %q, %s", l.Container, how, c.want, c.how)
			}
		})
	}
}

// One table: a way to place or break a store a line.
func TestLocate(t *testing.T) {
	ps := flatFile()
	good := file(ps)
	ftyp, store, rest := ps[0].b, ps[1].b, file(ps[2:])
	original, update := mkStore("original"), mkStore("update")
	jumb := mkbox("jumb", bytes.Repeat([]byte("store "), 20))
	first := func(l *Located) string {
		if len(l.Findings) == 0 {
			return ""
		}
		return l.Findings[0].Code
	}
	for name, c := range map[string]struct {
		data []byte
		want string // present, present+update, absent, malformed, multiple
		code string // of the first finding
	}{
		"sound":                       {good, "present", ""},
		"no-store":                    {cat(ftyp, rest), "absent", ""},
		"proof-boxes-only":            {cat(ftyp, mkC2PA("merkle", cb(obj{})), rest), "absent", ""},
		"at-the-end":                  {cat(ftyp, rest, store), "present", "asset.boxesMoved"},
		"in-front-of-ftyp":            {cat(store, ftyp, rest), "present", "asset.boxesMoved"},
		"behind-the-movie-box":        {cat(ftyp, mkbox("mdat", media(9)), moovBox(9), store), "present", ""},
		"two":                         {cat(ftyp, store, store, rest), "multiple", "asset.multipleStores"},
		"three":                       {cat(ftyp, store, original, update, rest), "multiple", "asset.multipleStores"},
		"manifest-and-update":         {cat(ftyp, store, rest, update), "multiple", "asset.multipleStores"},
		"two-originals":               {cat(ftyp, original, original, rest), "multiple", "asset.multipleStores"},
		"original-and-update":         {cat(ftyp, original, rest, update), "present+update", ""},
		"update-with-an-offset":       {cat(ftyp, original, rest, mkC2PA("update", u64(0), jumb)), "present+update", ""},
		"update-first":                {cat(ftyp, update, original, rest), "present+update", "asset.boxesMoved"},
		"update-not-last":             {cat(ftyp, original, rest, update, mkbox("free")), "present+update", "asset.boxesMoved"},
		"original-alone":              {cat(ftyp, original, rest), "malformed", codeInaccessible},
		"update-alone":                {cat(ftyp, update, rest), "malformed", codeInaccessible},
		"update-unreadable":           {cat(ftyp, original, rest, mkC2PA("update", make([]byte, 30))), "malformed", codeInaccessible},
		"unknown-purpose":             {cat(ftyp, mkC2PA("manifesto", u64(0), jumb), rest), "malformed", codeInaccessible},
		"unknown-purpose-beside":      {cat(ftyp, store, mkC2PA("manifesto", u64(0), jumb), rest), "present", codeUnread},
		"purpose-without-end":         {cat(ftyp, mkbox("uuid", []byte(userTypeHex), u32(0), bytes.Repeat([]byte("x"), 200)), rest), "malformed", codeInaccessible},
		"another-version":             {cat(ftyp, mkbox("uuid", []byte(userTypeHex), u32(1<<24), []byte("manifest\x00"), u64(0), jumb), rest), "malformed", codeInaccessible},
		"empty-box":                   {cat(ftyp, mkbox("uuid", []byte(userTypeHex)), rest), "malformed", codeInaccessible},
		"purpose-alone":               {cat(ftyp, mkC2PA("manifest"), rest), "malformed", codeInaccessible},
		"no-store-behind-the-purpose": {cat(ftyp, mkC2PA("manifest", u64(0)), rest), "malformed", codeInaccessible},
		"zeroes":                      {cat(ftyp, mkC2PA("manifest", u64(0), make([]byte, 300)), rest), "malformed", codeInaccessible},
		"store-longer-than-its-box":   {cat(ftyp, mkC2PA("manifest", u64(0), jumb[:100]), rest), "malformed", codeInaccessible},
		"store-of-7-bytes":            {cat(ftyp, mkC2PA("manifest", u64(0), u32(7), []byte("jumb"), media(30)), rest), "malformed", codeInaccessible},
		"store-of-4-GB":               {cat(ftyp, mkC2PA("manifest", u64(0), u32(-1), []byte("jumb"), media(30)), rest), "malformed", codeInaccessible},
		"store-of-2^63":               {cat(ftyp, mkC2PA("manifest", u64(0), u32(1), []byte("jumb"), u64(1<<63), media(30)), rest), "malformed", codeInaccessible},
		"store-with-64-bit-length":    {cat(ftyp, mkC2PA("manifest", u64(0), mklarge("jumb", media(30))), rest), "present", ""},
		"store-to-the-end-of-the-box": {cat(ftyp, mkC2PA("manifest", u64(0), u32(0), []byte("jumb"), media(30)), rest), "present", ""},
		"cut-inside-the-store":        {good[:len(ftyp)+60], "malformed", "asset.truncated"},
		"retyped":                     {flip(good, len(ftyp)+7), "absent", ""},
		"inside-another-box":          {cat(ftyp, mkbox("moov", store), rest), "absent", "asset.malformed"},
		"proof-offset-wrong":          {cat(ftyp, mkC2PA("manifest", u64(9), jumb), rest), "present", "asset.boxesMoved"},
		"proof-offset-right":          {cat(ftyp, mkC2PA("manifest", u64(uint64(len(ftyp)+45+len(jumb))), jumb), mkC2PA("merkle", cb(obj{})), rest), "present", ""},
		"trailing-bytes":              {cat(good, []byte{1, 2, 3}), "present", "asset.trailingBytes"},
		"truncated":                   {good[:len(good)-1], "present", "asset.truncated"},
		"bad-size":                    {cat(good, u32(3), []byte("free")), "present", "asset.malformed"},
		"two-movie-boxes":             {cat(good, moovBox()), "present", "asset.malformed"},
		"oddities-in-user-data":       {cat(good, mkfull("meta", 0, 0, u32(3), media(20))), "present", ""},
		"track-without-a-header":      {cat(good[:len(ftyp)+len(store)], mkbox("moov", mkbox("trak", mkbox("mdia")))), "present", "asset.malformed"},
		"nested-1000": {cat(ftyp, func() (b []byte) {
			for range 1000 {
				b = mkbox("moov", b)
			}
			return
		}()), "absent", "asset.malformed"},
		"a-box-of-the-same-name-inside": {cat(good, mkbox("udta", mkbox("name"))), "present", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := locate(t, c.data, Limits{})
			got := "absent"
			switch {
			case l.Multiple:
				got = "multiple"
			case l.Malformed:
				got = "malformed"
			case l.Update != nil:
				got = "present+update"
			case l.Store != nil:
				got = "present"
			}
			if got != c.want || first(l) != c.code {
				t.Errorf("%s, first finding %q; expected %s, %q: %v", got, first(l), c.want, c.code, l.Findings)
			}
			if (got == "multiple" || got == "malformed") && (l.Store != nil || l.Update != nil) {
				t.Error("a store that must not be judged is handed on")
			}
			if (got != "absent") != (l.Carrier == CarrierBMFF) {
				t.Errorf("carrier %q", l.Carrier)
			}
			if l.Store != nil && string(l.Store[4:8]) != "jumb" {
				t.Errorf("store starts %q", l.Store[:8])
			}
		})
	}
	l := locate(t, good, Limits{})
	if !bytes.Equal(l.Store, jumb) || l.StoreRange != (Range{int64(len(ftyp)), int64(len(store))}) {
		t.Errorf("store of %d bytes, expected %d without padding; range %+v", len(l.Store), len(jumb), l.StoreRange)
	}
}

func TestLocateLimits(t *testing.T) {
	good := file(flatFile())
	size := int64(len(locate(t, good, Limits{}).Store))
	var limit *LimitError
	for name, c := range map[string]struct {
		lim Limits
		ok  bool
	}{
		"store-at":       {Limits{Store: size}, true},
		"store-one-past": {Limits{Store: size - 1}, false},
		"boxes-at":       {Limits{Boxes: 19}, true},
		"boxes-one-past": {Limits{Boxes: 18}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Locate(context.Background(), bytes.NewReader(good), int64(len(good)), c.lim)
			if c.ok != (err == nil) || !c.ok && (!errors.As(err, &limit) || l != nil) {
				t.Errorf("%v, %v", l, err)
			}
		})
	}
	t.Run("findings", func(t *testing.T) {
		l := locate(t, bytes.Repeat(mkbox("moov", u32(3), []byte("trak")), 100), Limits{})
		if len(l.Findings) != maxAssetFindings {
			t.Errorf("%d findings", len(l.Findings))
		}
	})
}

func TestLocateErrors(t *testing.T) {
	good := file(flatFile())
	odd := errors.New("odd")
	for _, from := range []int64{0, 10, 100, 1500} {
		l, err := Locate(context.Background(), failReader{bytes.NewReader(good), from, odd}, int64(len(good)), Limits{})
		if !errors.Is(err, odd) || l != nil {
			t.Errorf("failing from %d: %v, %v", from, l, err)
		}
	}
	if l, err := Locate(context.Background(), bytes.NewReader(nil), 100, Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) || l != nil {
		t.Errorf("%v, %v", l, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if l, err := Locate(ctx, bytes.NewReader(good), int64(len(good)), Limits{}); !errors.Is(err, context.Canceled) || l != nil {
		t.Errorf("%v, %v", l, err)
	}
}

func TestRemote(t *testing.T) {
	const ns = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`
	attr := ns + `<rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="https://example.org/a?b=1&amp;c=2"/></rdf:RDF></x:xmpmeta>`
	padded := func(n int) string { // the element with the address ends behind so many bytes
		end := strings.Index(attr, "/></rdf:RDF>") + len("/>")
		return strings.Replace(attr, "<rdf:RDF", strings.Repeat(" ", n-end)+"<rdf:RDF", 1)
	}
	for name, c := range map[string]struct{ xmp, want string }{
		"attribute":         {attr, "https://example.org/a?b=1&c=2"},
		"element":           {ns + `<rdf:Description xmlns:d="http://purl.org/dc/terms/"><d:provenance> https://example.org/e </d:provenance></rdf:Description>`, "https://example.org/e"},
		"resource":          {ns + `<rdf:Description xmlns:d="http://purl.org/dc/terms/"><d:provenance rdf:resource="https://example.org/r"/></rdf:Description>`, "https://example.org/r"},
		"another-namespace": {strings.ReplaceAll(attr, "http://purl.org/dc/terms/", "http://purl.org/dc/term/"), ""},
		"another-name":      {strings.ReplaceAll(attr, "dcterms:provenance", "dcterms:provenances"), ""},
		"broken":            {ns + `<a <<< http://purl.org/dc/terms/`, ""},
		"empty":             {"", ""},
		"too-long":          {strings.Replace(attr, "https://example.org/a?b=1&amp;c=2", strings.Repeat("x", maxRemote+1), 1), ""},
		"longest":           {strings.Replace(attr, "https://example.org/a?b=1&amp;c=2", strings.Repeat("x", maxRemote), 1), strings.Repeat("x", maxRemote)},
		"at-a-megabyte":     {padded(maxXMP), "https://example.org/a?b=1&c=2"},
		"past-a-megabyte":   {padded(maxXMP + 1), ""},
		"behind-a-megabyte": {"<a>" + strings.Repeat(" ", maxXMP) + "</a>" + attr, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, data := range [][]byte{
				cat(ftypBox, mkbox("uuid", xmpUserType[:], []byte(c.xmp)), moovBox()),
				cat(ftypBox, mkbox("moov", mkbox("udta", mkbox("XMP_", []byte(c.xmp))))),
			} {
				if l := locate(t, data, Limits{}); l.Remote != c.want {
					t.Errorf("remote %q, expected %q", l.Remote, c.want)
				}
			}
		})
	}
}

// Containers without a carrier can name a store elsewhere all the same, and a recorded stream may make statements.
func TestWithoutACarrier(t *testing.T) {
	const address = "https://example.org/store"
	packet := forge.XMPPacket(`xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="`+address+`"`, "")
	other := forge.XMPPacket(`xmlns:dcterms="http://purl.org/dc/terms/" dcterms:title="x"`, "")
	none := func(name string) string {
		return "this container has no C2PA carrier: " + name + " files can have a manifest beside them or elsewhere only"
	}
	for name, c := range map[string]struct {
		data      []byte
		remote    string
		container string
		more      string
	}{
		"a packet attached":           {forge.Matroska("matroska", forge.Attachment("font.ttf", "font/ttf", packet), forge.Attachment("a.xmp", "text/xml", packet)), address, "mkv", ""},
		"a packet by its type":        {forge.Matroska("webm", forge.Attachment("a", "application/rdf+xml", packet)), address, "webm", ""},
		"a packet of something else":  {forge.Matroska("webm", forge.Attachment("a.xmp", "text/xml", other)), "", "webm", ""},
		"a packet in a tag":           {forge.Matroska("matroska", forge.MatroskaTags(nil, forge.Text{Name: "XMP", Value: packet})), address, "mkv", ""},
		"a packet in a script":        {forge.FLV(forge.FLVScript("onXMPData", forge.Text{Name: "liveXML", Value: packet})), address, "flv", ""},
		"a stream":                    {forge.FLV(forge.FLVPacket(0, "hvc1", nil), forge.FLVPacket(1, "hvc1", []byte("x"))), "", "flv", ""},
		"a stream with statements":    {forge.FLV(forge.FLVStatement("c2paSegmentInfo", []byte("x"))), "", "flv", "; the stream has statements about itself (enhanced RTMP, C2PA 2.5, 15.5.3), which are not read"},
		"a stream that names a store": {forge.FLV(forge.FLVPacket(0, "hvc1", nil), forge.FLVScript("onXMPData", forge.Text{Name: "liveXML", Value: packet})), address, "flv", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := locate(t, c.data, Limits{})
			if l.Remote != c.remote || l.Container != c.container || l.NoCarrier != none(c.container)+c.more {
				t.Errorf("%q in %s: %s", l.Remote, l.Container, l.NoCarrier)
			}
		})
	}
}

// FuzzLocate: a store lies in the file at the range that is said, and never comes with a reason not to judge it.
func FuzzLocate(f *testing.F) {
	good := file(flatFile())
	f.Add(good)
	f.Add(cat(ftypBox, mkStore("original"), moovBox(), mkStore("update")))
	f.Add(cat(ftypBox, mkStore("manifest"), mkStore("manifest")))
	f.Add(cat(ftypBox, mkC2PA("manifest", u64(0), u32(1), []byte("jumb"), u64(1<<62))))
	f.Add([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"))
	f.Add([]byte("RIFF\x00\x00\x00\x00AVI "))
	f.Add(cat(ftypBox, mkbox("uuid", xmpUserType[:], []byte(`<a xmlns:d="http://purl.org/dc/terms/" d:provenance="u"/>`))))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Locate(context.Background(), bytes.NewReader(data), int64(len(data)), Limits{Boxes: 500})
		if err != nil {
			var limit *LimitError
			if !errors.As(err, &limit) || l != nil {
				t.Fatalf("%v, %v", l, err)
			}
			return
		}
		if l.Store != nil {
			if l.Multiple || l.Malformed || l.NotSupported != "" || l.NoCarrier != "" {
				t.Fatalf("a store and a reason not to judge it: %+v", l)
			}
			if l.StoreRange.Offset < 0 || l.StoreRange.End() > int64(len(data)) || !bytes.Contains(data[l.StoreRange.Offset:l.StoreRange.End()], l.Store) {
				t.Fatalf("the store is not where it is said: %+v", l.StoreRange)
			}
		}
		if (l.Malformed || l.Multiple) && len(l.Findings) == 0 {
			t.Fatal("not judged, and no finding says why")
		}
		if len(l.Findings) > maxAssetFindings || len(l.Remote) > maxRemote {
			t.Fatal("unbounded")
		}
	})
}

// FuzzBMFFHash: whatever the file and the map, the rows cover the file without gap or overlap, bound bytes are counted
// right, and there is a state with a code.
func FuzzBMFFHash(f *testing.F) {
	ps := flatFile()
	f.Add(file(ps), cb(flatMap(ps)), true)
	ms, _, mm := merkleFile(16, true)
	f.Add(file(ms), cb(mm), true)
	_, _, mo := merkleFile(8, false)
	f.Add(file(ms), cb(mo), false)
	fr := newFragFile(3, 1)
	f.Add(fr.bytes(), cb(fr.m), false)
	d := newDash(2, 0, 7, "s")
	f.Add(file(d.init), cb(d.m), true)
	f.Add(file(ps), cb(flatMap(ps).with("exclusions", arr{obj{"xpath", "/moov/trak/mdia", "subset", arr{obj{"offset", 3, "length", 5}, obj{"offset", 9, "length", 0}}}, obj{"xpath", "/mdat", "flags", []byte{0, 0, 0}}})), true)
	f.Fuzz(func(t *testing.T, data, payload []byte, resign bool) {
		r := bytes.NewReader(data)
		l, err := Locate(context.Background(), r, int64(len(data)), Limits{Boxes: 500})
		if err != nil {
			return
		}
		m, err := decodeBMFFMap(payload)
		if err != nil && m != nil {
			t.Fatal("a map and an error")
		}
		if m != nil && (len(m.Exclusions) == 0 || len(m.Exclusions) > maxExclusions || m.Hash == nil && m.Merkle == nil) {
			t.Fatalf("map %+v", m)
		}
		if m != nil && l.File != nil && len(l.File.Find(bmff.Moof)) == 0 {
			rowsTile(t, l, m)
		}
		b, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(data)), Located: l, Explain: true}, "c2pa.hash.bmff.v3", "", payload, "sha256", "2.4")
		var limit *LimitError
		if errors.As(err, &limit) && b == nil {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		match := report.Has(b.Findings, codeBMFFMatch)
		failure := slices.ContainsFunc(b.Findings, func(f report.Finding) bool { return f.Outcome == report.Failure })
		if match == failure && b.NotSupported == "" || match != (b.State == BindingIntact || b.State == BindingPartial) {
			t.Fatalf("state %q with %v", b.State, texts(b.Findings))
		}
		if b.Bound < 0 || b.Bound > int64(len(data)) && m.Merkle == nil {
			t.Fatalf("%d of %d bytes bound", b.Bound, len(data))
		}
		if match && resign && b.State == BindingIntact && len(data) > 0 && m.Merkle == nil {
			flipsAreSeen(t, l, b, data, payload)
		}
	})
}

// rowsTile holds the rows of the plan against the file.
func rowsTile(t *testing.T, l *Located, m *bmffMap) {
	next := int64(0)
	k := newMatcher(l.File, m.Exclusions)
	plan := newPlan(t, k, l, func(r row) {
		if r.from != next || r.to <= r.from && r.to != r.from || r.to < r.from {
			t.Fatalf("row %d to %d, expected from %d", r.from, r.to, next)
		}
		if !r.included() && r.entry >= len(m.Exclusions) {
			t.Fatal("left out by a rule that is not there")
		}
		next = r.to
	})
	if next != l.File.Size {
		t.Fatalf("rows end at %d of %d", next, l.File.Size)
	}
	if err := plan.Check(l.File.Size); err != nil {
		t.Fatal(err)
	}
}

// flipsAreSeen changes one bound byte of a file that matches: it must not match any more.
func flipsAreSeen(t *testing.T, _ *Located, b *Binding, data, payload []byte) {
	for _, row := range b.Rows {
		if !row.Included || row.Length == 0 {
			continue
		}
		bad := flip(data, int(row.Offset+row.Length/2))
		r := bytes.NewReader(bad)
		l, err := Locate(context.Background(), r, int64(len(bad)), Limits{Boxes: 500})
		if err != nil {
			continue
		}
		c, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(bad)), Located: l}, "c2pa.hash.bmff.v3", "", payload, "sha256", "2.4")
		if err != nil {
			t.Fatal(err)
		}
		if report.Has(c.Findings, codeBMFFMatch) {
			t.Fatalf("the byte at %d can be changed", row.Offset+row.Length/2)
		}
	}
}

// FuzzProof: a proof is read or refused, and only a proof that decodes to the right digests passes a leaf.
func FuzzProof(f *testing.F) {
	leaves := leavesOf(media(640), 64)
	for _, i := range []int{0, 3, 9} {
		f.Add(cb(obj{"uniqueId", 1, "localId", 1, "location", i, "hashes", proof(leaves, i, 4)}), int64(i))
	}
	f.Add(cb(obj{"uniqueId", 1, "localId", 1, "location", 1}), int64(1))
	f.Add([]byte{0xa3, 0xff}, int64(math.MaxInt64))
	root := rows(leaves)[4][0]
	f.Fuzz(func(t *testing.T, payload []byte, location int64) {
		p, err := decodeProof(payload)
		if err != nil {
			if p != nil {
				t.Fatal("a proof and an error")
			}
			return
		}
		newHash, _ := hashAlgorithm("sha256")
		tr := &tree{count: 10, level: 4, row: &hashRow{size: 32, data: root, n: 1}, newHash: newHash}
		other := sha([]byte("another leaf"))
		if tr.checkLeaf(newHash(), other, location, &p.Hashes) == nil {
			t.Fatal("a leaf that is not in the tree passed")
		}
	})
}
