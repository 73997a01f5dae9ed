package build

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/consentry/consentry/signing"
)

// specVersion is the specification that the manifest is written by. C2PA 2.5, 10.2.
const specVersion = "2.5.0"

// encoder writes core deterministic CBOR, as the specification asks of standard assertions. C2PA 2.5, 16.1.
var encoder = func() cbor.EncMode {
	opt := cbor.CoreDetEncOptions()
	opt.TimeTag = cbor.EncTagRequired
	opt.Time = cbor.TimeRFC3339
	m, err := opt.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

func encode(v any) []byte {
	b, err := encoder.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("build: %v", err)) // our own structures always encode
	}
	return b
}

// hashedURI is a reference with a digest. C2PA 2.5, 9.4.2.
type hashedURI struct {
	URL  string `cbor:"url"`
	Hash []byte `cbor:"hash"`
}

// claim is the claim map of version 2. C2PA 2.5, 10.2.
type claim struct {
	InstanceID string         `cbor:"instanceID"`
	Generator  map[string]any `cbor:"claim_generator_info"`
	Signature  string         `cbor:"signature"`
	Created    []hashedURI    `cbor:"created_assertions"`
	Gathered   []hashedURI    `cbor:"gathered_assertions,omitempty"`
	Title      string         `cbor:"dc:title,omitempty"`
	Alg        string         `cbor:"alg"`
}

// action is an action of c2pa.actions.v2. C2PA 2.5, 16.4.1.
type action struct {
	Action     string         `cbor:"action"`
	When       *time.Time     `cbor:"when,omitempty"`
	Source     string         `cbor:"digitalSourceType,omitempty"`
	Parameters map[string]any `cbor:"parameters,omitempty"`
}

// exclusion is an entry of the content hash's exclusions. C2PA 2.5, 16.3.2.
type exclusion struct {
	XPath  string      `cbor:"xpath"`
	Data   []dataMatch `cbor:"data,omitempty"`
	Subset []subset    `cbor:"subset,omitempty"`
}

type dataMatch struct {
	Offset int    `cbor:"offset"`
	Value  []byte `cbor:"value"`
}

// subset leaves out a part of a box; length 0 is the rest of it.
type subset struct {
	Offset int `cbor:"offset"`
	Length int `cbor:"length"`
}

// draft is a manifest on the way: the assertions that do not hang on the content, and where they go.
type draft struct {
	req    *Request
	label  string
	iid    string
	format string
	parent *parent
	salts  map[string][]byte
}

func newDraft(req *Request, format string, old *parent) (*draft, error) {
	// File names need not be text, and CBOR's strings must be. RFC 8949, 3.1.
	req.Title = strings.ToValidUTF8(req.Title, "\uFFFD")
	req.Parent = strings.ToValidUTF8(req.Parent, "\uFFFD")
	d := &draft{req: req, format: format, parent: old, salts: map[string][]byte{}}
	id, err := uuid(req.Rand)
	if err != nil {
		return nil, err
	}
	inst, err := uuid(req.Rand)
	if err != nil {
		return nil, err
	}
	d.label, d.iid = "urn:c2pa:"+id, "xmp:iid:"+inst
	// A salt keeps short assertions from being guessed once they are redacted. C2PA 2.5, 9.4.2.
	for _, a := range req.Assertions {
		salt := make([]byte, 16)
		if _, err := io.ReadFull(req.Rand, salt); err != nil {
			return nil, err
		}
		d.salts[a.Label] = salt
	}
	return d, nil
}

// uuid is a random identifier of version 4. RFC 9562, 5.4.
func uuid(r io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// store makes the whole store for a content hash: the old manifests as they are, then the new one.
func (d *draft) store(bound *content, sign func(claim []byte) ([]byte, error)) ([]byte, error) {
	var boxes [][]byte
	var created, gathered []hashedURI
	add := func(box []byte, label string, passedOn bool) hashedURI {
		boxes = append(boxes, box)
		u := hashedURI{"self#jumbf=c2pa.assertions/" + label, contentHash(box)}
		if passedOn {
			gathered = append(gathered, u)
		} else {
			created = append(created, u)
		}
		return u
	}
	add(cborAssertion("c2pa.hash.bmff.v3", encode(bound.assertion()), nil), "c2pa.hash.bmff.v3", false)
	const ingredientLabel = "c2pa.ingredient.v3"
	var from *hashedURI
	if box := d.ingredient(); box != nil {
		u := add(cborAssertion(ingredientLabel, box, nil), ingredientLabel, false)
		from = &u
	}
	add(cborAssertion("c2pa.actions.v2", encode(map[string]any{"actions": d.actions(from), "allActionsIncluded": true}), nil), "c2pa.actions.v2", false)
	for _, a := range d.req.Assertions {
		box := cborAssertion(a.Label, a.CBOR, d.salts[a.Label])
		if a.JSON != nil {
			box = superbox("json", a.Label, d.salts[a.Label], box4("json", a.JSON))
		}
		add(box, a.Label, a.Gathered)
	}
	info := map[string]any{"name": d.req.Generator, "specVersion": specVersion}
	if d.req.Version != "" {
		info["version"] = d.req.Version
	}
	payload := encode(claim{
		InstanceID: d.iid, Generator: info, Signature: "self#jumbf=/c2pa/" + d.label + "/c2pa.signature",
		Created: created, Gathered: gathered, Title: d.req.Title, Alg: "sha256",
	})
	cose, err := sign(payload)
	if err != nil {
		return nil, err
	}
	m := superbox("c2ma", d.label, nil,
		superbox("c2as", "c2pa.assertions", nil, boxes...),
		superbox("c2cl", "c2pa.claim.v2", nil, box4("cbor", payload)),
		superbox("c2cs", "c2pa.signature", nil, box4("cbor", cose)))
	return superbox("c2pa", "c2pa", nil, append(d.parent.boxes(), m)...), nil
}

// actions begin with what the file was before: made, or opened. C2PA 2.5, 16.4.1.
func (d *draft) actions(from *hashedURI) []action {
	var when *time.Time
	if !d.req.When.IsZero() {
		t := d.req.When.UTC().Truncate(time.Second)
		when = &t
	}
	source := d.req.Source
	if source != "" && !strings.Contains(source, "/") {
		source = "http://cv.iptc.org/newscodes/digitalsourcetype/" + source
	}
	if from == nil {
		return []action{{Action: "c2pa.created", When: when, Source: source}}
	}
	list := []action{{Action: "c2pa.opened", When: when, Parameters: map[string]any{"ingredients": []hashedURI{*from}}}}
	if source != "" {
		list = append(list, action{Action: "c2pa.edited", When: when, Source: source})
	}
	return list
}

// size is the size of the uuid box: the store as it will be, with room for the signature.
func (d *draft) size(ctx context.Context, blank *content) (int64, error) {
	n, err := d.req.signatureSize(ctx)
	if err != nil {
		return 0, err
	}
	room := make([]byte, n)
	s, err := d.store(blank, func([]byte) ([]byte, error) { return room, nil })
	if err != nil {
		return 0, err
	}
	return int64(storeHead + len(s)), nil
}

// boxUUID is one of C2PA's type identifiers. C2PA 2.5, 11.1.
func boxUUID(typ string) []byte {
	return append([]byte(typ), 0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71)
}

// box4 is a box with a 32-bit size. ISO/IEC 19566-5, 4.
func box4(typ string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	b := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), typ...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// superbox is a labelled superbox that may be asked for; salt may be nil. C2PA 2.5, 9.2.
func superbox(typ, label string, salt []byte, content ...[]byte) []byte {
	toggles := byte(0x03)
	desc := boxUUID(typ)
	var private []byte
	if salt != nil {
		toggles |= 0x10
		private = box4("c2sh", salt)
	}
	desc = append(append(append(desc, toggles), label...), 0)
	return box4("jumb", append([][]byte{box4("jumd", desc, private)}, content...)...)
}

func cborAssertion(label string, data, salt []byte) []byte {
	return superbox("cbor", label, salt, box4("cbor", data))
}

// contentHash is the digest of a superbox without its header. C2PA 2.5, 9.4.2.3.
func contentHash(box []byte) []byte {
	sum := sha256.Sum256(box[8:])
	return sum[:]
}

// stampSize is room for a time-stamp token with its certificates: those of public authorities take 3 to 8 KiB.
const stampSize = 16 << 10

// signatureSize is the size that signatures are padded to.
func (r *Request) signatureSize(ctx context.Context) (int, error) {
	plain, err := signing.Sign1(ctx, nil, r.Signer, signing.SignOptions{})
	if err != nil {
		return 0, err
	}
	n := len(plain) + 64
	if r.Stamp != nil {
		n += stampSize
	}
	return n, nil
}

// sign signs a claim into the room that was reserved.
func (r *Request) sign(ctx context.Context) func([]byte) ([]byte, error) {
	return func(claim []byte) ([]byte, error) {
		n, err := r.signatureSize(ctx)
		if err != nil {
			return nil, err
		}
		return signing.Sign1(ctx, claim, r.Signer, signing.SignOptions{Stamp: r.Stamp, Size: n})
	}
}
