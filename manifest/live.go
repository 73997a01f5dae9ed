package manifest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// Status codes of live media. C2PA 2.5, 15.8 (19.7 of 2.3 and 2.4).
const (
	codeLiveInit       = "livevideo.init.invalid"
	codeLiveManifest   = "livevideo.manifest.invalid"
	codeLiveSegment    = "livevideo.segment.invalid"
	codeLiveAssertion  = "livevideo.assertion.invalid"
	codeLiveContinuity = "livevideo.continuityMethod.invalid"
	codeLiveKey        = "livevideo.sessionkey.invalid"
)

const (
	labelLiveSegment = "c2pa.livevideo.segment"
	labelSessionKeys = "c2pa.session-keys"
	// segmentInfoScheme names the event that carries a statement about a segment. C2PA 2.5, 15.5.2.
	segmentInfoScheme = "urn:c2pa:verifiable-segment-info"
	// methodManifestID is the one method of continuity that is defined. C2PA 2.5, 15.4.
	methodManifestID = "c2pa.manifestId"
	// maxSegmentInfo bounds a statement: one with a hash of 64 bytes and its exclusions has under 1 kB.
	maxSegmentInfo = 64 << 10
	// maxLiveFindings bounds the findings about a stream, and what of it could not be checked; every segment has its own
	// row besides.
	maxLiveFindings = 64
)

// live is what came of checking the segments of a recorded live stream. C2PA 2.5, 15.
type live struct {
	Segments []PartBinding
	Findings []report.Finding // livevideo.* failures, at most 64
	Missing  []report.NotChecked
	Bad      int   // segments that are not as signed, or missing
	Unknown  int   // segments that nobody can judge: their keys are not at hand
	Bound    int64 // bytes of the segments that are as signed
}

// IsLive says whether the parts are segments of a live stream: one of the first that are there carries a manifest or a
// statement about itself. C2PA 2.5, 15.8.1.
func IsLive(parts []Part) (bool, error) {
	const look = 8
	seen := 0
	for _, p := range parts {
		if p.Data == nil || p.Init {
			continue
		}
		if seen++; seen > look {
			break
		}
		s, err := readSegment(p)
		if err != nil {
			return false, err
		}
		if s.info != nil || s.manifest {
			return true, nil
		}
	}
	return false, nil
}

// segment is one file of a stream.
type segment struct {
	file     *bmff.File
	manifest bool   // it carries a manifest store
	info     []byte // the statement about it; nil: none
	infos    int
	event    *bmff.Box // that carries it
}

// readSegment reads the boxes of a segment and the event with the statement about it.
//
//	emsg { FullBox(version 0); utf8string scheme_id_uri, value; uint32 timescale, presentation_time_delta,
//	       event_duration, id; uint8 message_data[] }
//
// ISO/IEC 23009-1, 5.10.3.3; C2PA 2.5, 15.5.2.
func readSegment(p Part) (*segment, error) {
	f, err := bmff.Walk(p.Data, p.Size, bmff.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, boxLimit(err))
	}
	s := &segment{file: f}
	for _, b := range f.Boxes {
		switch {
		case isC2PA(b):
			raw, err := f.Read(b.Payload(), int(min(b.End()-b.Payload(), storeBoxHead)))
			if err != nil {
				return nil, err
			}
			if purpose, _, ok := purposeOf(raw); ok && purpose != "merkle" {
				s.manifest = true
			}
		case b.Type == bmff.CC("emsg"):
			data, err := f.Read(b.Payload(), int(min(b.End()-b.Payload(), maxSegmentInfo)))
			if err != nil {
				return nil, err
			}
			if len(data) < 4 || data[0] != 0 {
				continue
			}
			scheme, rest, ok := bytes.Cut(data[4:], []byte{0})
			if !ok || string(scheme) != segmentInfoScheme {
				continue
			}
			value, rest, ok := bytes.Cut(rest, []byte{0})
			if s.infos++; !ok || string(value) != "fseg" || len(rest) < 16 || binary.BigEndian.Uint32(rest[4:]) != 0 {
				continue
			}
			s.info, s.event = rest[16:], b
		}
	}
	return s, nil
}

// liveCheck is one run of checkLive.
type liveCheck struct {
	ctx    context.Context
	opt    Options
	out    *live
	keys   []sessionKey
	keyOf  string // label of the manifest of the keys
	worth  string // what the manifests of segments must be worth
	before *liveState
	// elsewhere are the manifests that statements name by their addresses, by label; those of other renditions too.
	elsewhere map[string]*elsewhere
}

// liveState is what is known of the stream up to a segment, whichever of its manifest and the statement about it said it:
// a segment that says nothing of a stream or has no manifest leaves what those before it said.
type liveState struct {
	sequence int64
	stream   *string // nil: none has said yet
	label    string  // of the last manifest of a segment; empty: none had one
	lost     bool    // a segment between was not sound
}

// checkLive checks the segments of one rendition of a recorded live stream, in playback order. init is the result of
// the initialization segment's manifest, which was validated with its own content; nil: there is none before the
// segments. worth is what manifests of segments must be worth; empty: what the first is. known are the manifests that were
// got from elsewhere, which are got once for all renditions. An error means I/O, cancellation or a limit. C2PA 2.5, 15.8.
func checkLive(ctx context.Context, init *Result, worth string, parts []Part, opt Options, known map[string]*elsewhere) (*live, error) {
	k := &liveCheck{ctx: ctx, opt: opt, out: &live{}, worth: worth, elsewhere: known}
	if init != nil {
		k.takeKeys(init)
	}
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return k.out, err
		}
		if err := k.segment(p); err != nil {
			return k.out, err
		}
	}
	return k.out, nil
}

func (k *liveCheck) fail(code, name, format string, args ...any) {
	if len(k.out.Findings) < maxLiveFindings {
		k.out.Findings = append(k.out.Findings, report.Newf(code, "", format, args...).At(name, 0))
	}
}

// unchecked notes once what could not be checked. Statements may say something else of each segment.
func (k *liveCheck) unchecked(what, why string) {
	for _, n := range k.out.Missing {
		if n.What == what && n.Why == why {
			return
		}
	}
	if len(k.out.Missing) == maxLiveFindings {
		what, why = "segments", fmt.Sprintf("more of this kind: the first %d are listed", maxLiveFindings)
	} else if len(k.out.Missing) > maxLiveFindings {
		return
	}
	k.out.Missing = append(k.out.Missing, notChecked(what, why))
}

// segment checks one file and adds its row.
func (k *liveCheck) segment(p Part) error {
	row := PartBinding{Name: p.Name, Rendition: p.Rendition, Init: p.Init, State: BindingIntact, Location: -1, UniqueID: -1, LocalID: -1}
	bad := func(state, code, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		k.fail(code, p.Name, "%q: %s", p.Name, text)
		if row.State == BindingIntact {
			row.State, row.Why = state, code+": "+text
		}
	}
	defer func() { k.add(row, p.Size) }()
	if p.Data == nil {
		bad(PartMissing, codeLiveSegment, "missing: the file is not there")
		return nil
	}
	s, err := readSegment(p)
	if err != nil {
		return err
	}
	if s.file.First(bmff.Moov) != nil && s.file.First(bmff.Moof) == nil {
		row.Init = true
		code, why, err := k.initialize(p, s)
		if why != "" {
			bad(BindingAltered, code, "%s", why)
		}
		return err
	}
	if !s.manifest && s.info == nil {
		bad(BindingAltered, codeLiveSegment, "neither a manifest nor a statement of its signer")
		return nil
	}
	now := &liveState{sequence: -1}
	if k.before != nil {
		now.stream, now.label = k.before.stream, k.before.label
	}
	if s.manifest {
		res, why, err := k.manifest(p)
		if err != nil {
			return err
		}
		if why != "" {
			bad(BindingAltered, codeLiveManifest, "%s", why)
			return nil
		}
		now.label = res.Active.Label
		k.takeKeys(res)
		if code, why := k.continuity(res, now, s.info != nil); why != "" {
			bad(BindingAltered, code, "%s", why)
		}
	}
	if s.info != nil {
		code, why, err := k.statement(p, s, now)
		switch {
		case err != nil:
			return err
		case why != "" && code == "": // nobody can tell
			if row.State == BindingIntact {
				row.State, row.Why = BindingUnknown, why
			}
		case why != "":
			bad(BindingAltered, code, "%s", why)
		}
	}
	row.Location = now.sequence
	if row.State == BindingIntact {
		k.before = now
	}
	return nil
}

// initialize checks an initialization segment that stands among the segments: it carries a manifest that binds it, and
// takes the place of the one before. C2PA 2.5, 15.3.3 and 15.8.1.
func (k *liveCheck) initialize(p Part, s *segment) (code, why string, err error) {
	switch {
	case s.file.First(bmff.Mdat) != nil:
		return codeLiveInit, "an initialization segment with media", nil
	case !s.manifest:
		return codeLiveInit, "an initialization segment without a manifest", nil
	}
	res, why, err := k.manifest(p)
	if res != nil {
		k.takeKeys(res)
	}
	return codeLiveManifest, why, err
}

// manifest validates the manifest that a segment carries, with the segment as its content. It must be bound by a hash
// over the segment, and be worth what that of the stream is. C2PA 2.5, 15.4 and 15.8.1.
func (k *liveCheck) manifest(p Part) (*Result, string, error) {
	loc, err := Locate(k.ctx, p.Data, p.Size, k.opt.Limits)
	if err != nil {
		return nil, "", err
	}
	if loc.Store == nil {
		return nil, "its manifest store cannot be read", nil
	}
	store, err := Parse(loc.Store, loc.Update, k.opt.Limits)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return nil, err.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	opt := k.opt
	opt.Label = ""
	res, err := store.Validate(k.ctx, &Content{Data: p.Data, Size: p.Size, Located: loc}, opt)
	if err != nil {
		return nil, "", err
	}
	if why := k.worthless(res, res.State); why != "" {
		return nil, why, nil
	}
	if k.worth == "" {
		k.worth = res.State
	}
	if res.Binding.State != BindingIntact {
		return nil, "its manifest does not bind all of its content", nil
	}
	if b := res.Bound.HardBinding; b == nil || b.Base != "c2pa.hash.bmff.v3" {
		return nil, "its manifest is not bound by c2pa.hash.bmff.v3", nil
	}
	if m, err := decodeBMFFMap(res.Bound.HardBinding.Payload); err != nil || m.Merkle != nil {
		return nil, "its manifest is bound by a tree and not by a hash over the segment", nil
	}
	return res, "", nil
}

// liveSegmentMap is what a segment's manifest says of its place in the stream:
//
//	livevideo-segment-map = { sequenceNumber: uint, streamId: tstr, continuityMethod: tstr, ? previousManifestId: tstr }
//
// C2PA 2.5, 15.4.
type liveSegmentMap struct {
	Sequence *int64  `cbor:"sequenceNumber"`
	Stream   *string `cbor:"streamId"`
	Method   *string `cbor:"continuityMethod"`
	Previous *string `cbor:"previousManifestId"`
}

// inOrder holds the number of a segment against that of the segment before, whatever carried either. C2PA 2.5, 15.8.2
// and 15.8.3.
func (k *liveCheck) inOrder(number int64) (why string) {
	b := k.before
	switch {
	case b == nil || b.sequence < 0:
	case number <= b.sequence:
		return fmt.Sprintf("out of order or repeated: its number is %d, that before it %d", number, b.sequence)
	case number > b.sequence+1 && !b.lost:
		k.unchecked("segments", fmt.Sprintf("a gap: between the numbers %d and %d nothing was given", b.sequence, number))
	}
	return ""
}

// continuity holds what a segment's manifest says against the segments before. Only of the first that was sound nothing
// can be said. C2PA 2.5, 15.8.2.
func (k *liveCheck) continuity(res *Result, now *liveState, stated bool) (code, why string) {
	list := res.Active.AssertionsOf(labelLiveSegment)
	if len(list) == 0 && stated {
		return "", "" // the manifest is there for the keys: the statement has the number
	}
	if len(list) != 1 || !list[0].Intact || list[0].ContentType != "cbor" {
		return codeLiveAssertion, "its manifest does not say where in the stream it stands"
	}
	var m liveSegmentMap
	if err := bindingCBOR.Unmarshal(list[0].Payload, &m); err != nil || m.Sequence == nil || *m.Sequence < 0 || m.Stream == nil {
		return codeLiveAssertion, "its place in the stream breaks the rules: sequenceNumber or streamId"
	}
	now.sequence, now.stream = *m.Sequence, m.Stream
	if b := k.before; b != nil && b.stream != nil && *now.stream != *b.stream {
		return codeLiveAssertion, fmt.Sprintf("it belongs to another stream, %.100q", *now.stream)
	}
	if why := k.inOrder(now.sequence); why != "" {
		return codeLiveAssertion, why
	}
	switch {
	case m.Method == nil:
		return codeLiveContinuity, "no method of continuity"
	case *m.Method != methodManifestID:
		return codeLiveContinuity, fmt.Sprintf("the method of continuity %.100q is not known", *m.Method)
	case m.Previous == nil:
		return codeLiveContinuity, "it does not name the segment before it"
	case k.before == nil:
		k.unchecked("continuity", "what came before the first segment is not known")
	case k.before.label == "":
		k.unchecked("continuity", "no segment before has a manifest that the next could name: their numbers alone say that it follows")
	case *m.Previous != k.before.label:
		return codeLiveSegment, fmt.Sprintf("a gap: it follows %.200q, and before it stands %.200q", *m.Previous, k.before.label)
	}
	return "", ""
}

// segmentInfoMap is the statement about a segment:
//
//	segment-info-map = { sequenceNumber: uint, bmffHash: bmff-hash-map, manifestId: tstr, ? manifestUri: hashed-ext-uri }
//
// C2PA 2.5, 15.5.2.
type segmentInfoMap struct {
	Sequence *int64       `cbor:"sequenceNumber"`
	Hash     rawCBOR      `cbor:"bmffHash"`
	Manifest *string      `cbor:"manifestId"`
	URI      *manifestURI `cbor:"manifestUri"`
}

// statement checks a segment by what its event says. Without a code nobody can tell what the statement is worth, and why
// says what is missing. C2PA 2.5, 15.8.3.
func (k *liveCheck) statement(p Part, s *segment, now *liveState) (code, why string, err error) {
	if s.infos > 1 {
		return codeLiveSegment, "more than one statement about it", nil
	}
	info, err := signing.ParseSegmentInfo(s.info)
	if err != nil {
		return codeLiveSegment, "the statement about it cannot be read: " + err.Error(), nil
	}
	var m segmentInfoMap
	broken := bindingCBOR.Unmarshal(info.Payload, &m)
	keys, of := k.keys, k.keyOf
	if broken == nil { // nothing signed says so yet: the keys that would are there
		e, err := k.keysElsewhere(&m)
		switch {
		case err != nil:
			return "", "", err
		case e == nil:
		case e.undecided:
			return "", e.why, nil
		case e.why != "":
			return codeLiveSegment, e.why, nil
		default:
			keys, of = e.keys, *m.Manifest
		}
	}
	key, why := keyFor(keys, info)
	if why != "" {
		return codeLiveSegment, why, nil
	}
	if broken != nil || m.Sequence == nil || *m.Sequence < 0 || len(m.Hash) == 0 || m.Manifest == nil {
		return codeLiveSegment, "the statement about it breaks the rules", nil
	}
	switch {
	case *m.Manifest != of:
		return codeLiveSegment, fmt.Sprintf("the statement about it belongs to the manifest %.200q", *m.Manifest), nil
	case now.sequence >= 0 && *m.Sequence != now.sequence:
		return codeLiveSegment, fmt.Sprintf("its manifest and the statement about it have the numbers %d and %d", now.sequence, *m.Sequence), nil
	case *m.Sequence < key.min:
		return codeLiveSegment, fmt.Sprintf("its number is %d, and its key is for those from %d on", *m.Sequence, key.min), nil
	}
	if now.sequence < 0 { // else its manifest has the same number, and that was held against the one before
		now.sequence = *m.Sequence
		if why := k.inOrder(now.sequence); why != "" {
			return codeLiveSegment, why, nil
		}
	}
	if why := k.inTime(info.Time, key); why != "" {
		return codeLiveSegment, why, nil
	}
	why, err = k.segmentHash(p, s, m.Hash)
	return codeLiveSegment, why, err
}

// inTime says why a segment was not made while its key was valid; nothing where it is not known when it was made.
func (k *liveCheck) inTime(at *time.Time, key *sessionKey) string {
	switch {
	case at == nil:
		k.unchecked("session keys", "segments do not say when they were made (iat): whether their key was valid then is not known")
	case at.Before(key.created) || at.After(key.created.Add(key.validity)):
		return fmt.Sprintf("it was made at %s, and its key is valid from %s for %s", at.UTC().Format(time.RFC3339), key.created.UTC().Format(time.RFC3339), key.validity)
	}
	return ""
}

// segmentHash holds the hash of the statement against the segment without the event that carries it.
func (k *liveCheck) segmentHash(p Part, s *segment, raw rawCBOR) (why string, err error) {
	m, err := decodeBMFFMap(raw)
	if err != nil {
		return "the hash in the statement about it breaks the rules: " + err.Error(), nil
	}
	if m.Merkle != nil || m.Hash == nil {
		return "the statement about it holds no hash over the segment", nil
	}
	// The specification counts the offset of the scheme from where it stands, and that of every other exclusion from the
	// start of the box: the event itself is left out in any case. C2PA 2.5, 15.5.2.
	size := s.event.Size
	m.Exclusions = append(m.Exclusions, exclusionEntry{
		XPath: new(string), path: []pathStep{{typ: s.event.Type, index: s.event.Index}}, Length: &size,
	})
	c := &Content{Data: p.Data, Size: p.Size, Located: &Located{File: s.file}}
	b, err := checkBMFFMap(k.ctx, c, &hardBinding{}, m)
	if err != nil {
		return "", err
	}
	if !matched(b) {
		return "its hash is not the one that was signed", nil
	}
	if b.State != BindingIntact {
		return "the hash in the statement about it leaves out content", nil
	}
	return "", nil
}
