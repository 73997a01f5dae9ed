package forge

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"
)

// LiveStream says how a recorded live stream looks: an initialization segment and segments, signed each by a manifest
// of its own, or by statements under a session key. The zero value is a good one of four segments by statements.
// C2PA 2.5, 15.
type LiveStream struct {
	Manifests bool   // each segment has a manifest
	Kinds     string // of each segment, in place of Manifests: see the constants
	Alg       string // of the session key; default Ed25519

	Key      func(*Map)                   // edits the session key's entry
	Keys     func(*Map)                   // edits the list of keys
	NoKeys   bool                         // the manifest has no session keys
	TwoLists bool                         // and a second list
	Info     func(i int, m *Map)          // edits the statement about a segment
	Event    func(i int, b []byte) []byte // edits the event box
	COSE     func(i int, s *Signer)       // edits how a statement is signed
	Place    func(i int, m *Map)          // edits what a segment's manifest says of its place
	Signer   func(i int) Signer           // of a segment's manifest
	Recipe   func(i int, r *Recipe)       // edits a segment's manifest otherwise
	Init     func(*Recipe)                // edits the initialization segment
	Order    []int                        // of the segments in the recording; default: all, in order; -1: missing
	Change   func(parts [][]byte)         // edits the segments
}

// liveCount is the number of segments.
const liveCount = 4

// The kinds of segments.
const (
	liveStated   = 's' // a statement about it, under the last keys before it
	liveManifest = 'm' // a manifest that says where in the stream it stands
	liveKeys     = 'k' // a manifest with session keys alone, and a statement under them
	liveBoth     = 'b' // a manifest that says where it stands, and a statement under the last keys before it
)

func (l LiveStream) kinds() string {
	switch {
	case l.Kinds != "":
		return l.Kinds
	case l.Manifests:
		return strings.Repeat(string(liveManifest), liveCount)
	}
	return strings.Repeat(string(liveStated), liveCount)
}

// sessionCOSE signs with the session key: attached, or over a detached payload.
func (l LiveStream) sessionCOSE(payload []byte, detached bool, edit func(*Signer)) []byte {
	alg := l.Alg
	if alg == "" {
		alg = "Ed25519"
	}
	s := Signer{Alg: alg}
	if edit != nil {
		edit(&s)
	}
	a := algorithms[s.Alg]
	protected := Map{{1, a.id}}
	if !detached {
		protected.Set("iat", Clock.Unix())
	}
	if s.IAT != 0 {
		protected.Set("iat", s.IAT)
	}
	if s.Protected != nil {
		s.Protected(&protected)
	}
	prot := CBOR(protected)
	unprotected := Map{{4, []byte("session")}}
	if s.Unprotected != nil {
		s.Unprotected(&unprotected)
	}
	name := s.Name
	if name == "" {
		name = "session"
	}
	sig := s.raw(a, Key(a.key, name), sigStructure("Signature1", prot, payload))
	if s.Sig != nil {
		sig = s.Sig(sig)
	}
	var attached any
	if !detached {
		attached = payload
	}
	return CBOR(Tag{18, []any{prot, unprotected, attached, sig}})
}

// sessionKeys is the list of keys in the manifest. C2PA 2.5, 15.5.1.
func (l LiveStream) sessionKeys() Map {
	alg := l.Alg
	if alg == "" {
		alg = "Ed25519"
	}
	var key Map
	switch pub := Key(algorithms[alg].key, "session").Public().(type) {
	case ed25519.PublicKey:
		key = Map{{1, 1}, {2, []byte("session")}, {-1, 6}, {-2, []byte(pub)}}
	case *ecdsa.PublicKey:
		size := (pub.Curve.Params().BitSize + 7) / 8
		point := must(pub.Bytes())
		x, y := point[1:1+size], point[1+size:]
		key = Map{{1, 2}, {2, []byte("session")}, {-1, map[int]int{32: 1, 48: 2, 66: 3}[size]}, {-2, x}, {-3, y}}
	case LatticePublic:
		key = Map{{1, 7}, {2, []byte("session")}, {3, algorithms[alg].id}, {-1, []byte(pub.Raw)}}
	}
	leaf, _ := Signer{}.Chain()
	entry := Map{
		{"key", key},
		{"minSequenceNumber", 1},
		{"createdAt", Tag{0, Clock.Add(-time.Hour).Format(time.RFC3339)}},
		{"validityPeriod", 86400},
		{"signerBinding", Raw(l.sessionCOSE(CBOR(leaf.Cert.Raw), true, nil))},
	}
	if l.Key != nil {
		l.Key(&entry)
	}
	out := Map{{"keys", []any{entry}}}
	if l.Keys != nil {
		l.Keys(&out)
	}
	return out
}

// event is the box that carries a statement about a segment. ISO/IEC 23009-1, 5.10.3.3.
func event(i int, message []byte) []byte {
	text := append([]byte("urn:c2pa:verifiable-segment-info\x00fseg\x00"), be32(1000)...)
	return full("emsg", 0, 0, text, be32(0), be32(300), be32(i+1), message)
}

// stated is a segment with a statement about it. put makes the segment of its event and media.
func (l LiveStream) stated(i int, manifest string, put func(event []byte) []byte) []byte {
	r := Recipe{Exclude: []Exclusion{{XPath: "/emsg"}, {XPath: "/uuid"}}}
	exclusions := []any{
		Map{{"xpath", "/emsg"}, {"data", []any{Map{{"offset", 0}, {"value", []byte("urn:c2pa:verifiable-segment-info")}}}}},
		Map{{"xpath", "/uuid"}, {"data", []any{Map{{"offset", 8}, {"value", c2paUser}}}}},
	}
	write := func(sum []byte) []byte {
		hash := Map{{"exclusions", exclusions}, {"alg", "sha256"}, {"hash", sum}}
		info := Map{{"sequenceNumber", i + 1}, {"bmffHash", hash}, {"manifestId", manifest}}
		if l.Info != nil {
			l.Info(i, &info)
		}
		var edit func(*Signer)
		if l.COSE != nil {
			edit = func(s *Signer) { l.COSE(i, s) }
		}
		box := event(i, l.sessionCOSE(CBOR(info), false, edit))
		if l.Event != nil {
			box = l.Event(i, box)
		}
		return put(box)
	}
	return write(digest("", r.bytesToHash(write(digest("", nil)))))
}

// segments makes the segments; id is the manifest of the initialization segment.
func (l LiveStream) segments(id string) (parts [][]byte) {
	before := "urn:c2pa:none"
	for i, kind := range l.kinds() {
		media := fragment(0, i)
		if kind == liveStated {
			parts = append(parts, l.stated(i, id, func(event []byte) []byte {
				return append(append(segmentType(), event...), media...)
			}))
			continue
		}
		label := fmt.Sprintf("urn:c2pa:00000000-0000-4000-8000-00000000000%d", i)
		place := Map{{"sequenceNumber", i + 1}, {"streamId", "stream"}, {"continuityMethod", "c2pa.manifestId"}, {"previousManifestId", before}}
		if l.Place != nil {
			l.Place(i, &place)
		}
		s := Recipe{Manifest: Manifest{Label: label, Assertions: []Assertion{{Label: "c2pa.livevideo.segment", CBOR: place}}}}
		if kind == liveKeys {
			s.Manifest.Assertions, id = []Assertion{{Label: "c2pa.session-keys", CBOR: l.sessionKeys()}}, label
		}
		if l.Signer != nil {
			s.Manifest.Signer = l.Signer(i)
		}
		if l.Recipe != nil {
			l.Recipe(i, &s)
		}
		put := func(event []byte) []byte {
			s.Container = Container{Raw: append(append(segmentType(), event...), media...)}
			return Make(s).Data
		}
		if kind == liveManifest {
			parts = append(parts, put(nil))
		} else {
			parts = append(parts, l.stated(i, id, put))
		}
		before = label
	}
	return parts
}

// Make makes the recording: Data is the initialization segment, Parts are the segments; nil: one that is missing.
func (l LiveStream) Make() *Built {
	opening := append(box("ftyp", []byte("iso6"), be32(0), []byte("iso6dash")), fragmentedMoov()...)
	r := Recipe{Container: Container{Raw: opening}}
	if strings.Trim(l.kinds(), string(liveManifest)) != "" && !l.NoKeys {
		keys := Assertion{Label: "c2pa.session-keys", CBOR: l.sessionKeys()}
		r.Manifest.Assertions = []Assertion{keys}
		if l.TwoLists {
			keys.Label = "c2pa.session-keys__1"
			r.Manifest.Assertions = append(r.Manifest.Assertions, keys)
		}
	}
	if l.Init != nil {
		l.Init(&r)
	}
	b := Make(r)
	parts := l.segments(defaultLabel(0))
	if l.Change != nil {
		l.Change(parts)
	}
	b.Parts = parts
	if l.Order != nil {
		b.Parts = nil
		for _, i := range l.Order {
			if i < 0 {
				b.Parts = append(b.Parts, nil)
			} else {
				b.Parts = append(b.Parts, parts[i])
			}
		}
	}
	return b
}
