package manifest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/ebml"
	"github.com/consentry/consentry/internal/flv"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/report"
)

// Located says where in an asset the manifest store is. C2PA 2.5, 14.5.
type Located struct {
	Container  string           // by content: mp4, mov, m4a, m4v, 3gp, heif, avif, avi, wav, webp, mp3, flac, …; empty: unknown
	Carrier    string           // how the container carries its store: one of the Carrier… constants; empty: it has none
	Store      []byte           // the store's bytes without padding; nil: none found
	StoreRange Range            // of the box that carries the store, in the file
	Update     []byte           // the store of an "update" box beside an "original" one; nil: none
	File       *bmff.File       // the boxes, for a BMFF container
	Parts      *parts.File      // the parts, for RIFF, MP3, FLAC, Ogg, JPEG and PNG files
	Matroska   *ebml.File       // the metadata of a Matroska or WebM file
	Flash      *flv.File        // the metadata of a Flash Video file
	Findings   []report.Finding // about the container and the place of the store
	Multiple   bool             // more than one store: none is judged
	Malformed  bool             // there is a store and it cannot be read; Findings say why
	Remote     string           // a manifest URL that the file names (dcterms:provenance); never fetched here
	// NotSupported says "not supported yet: …" where C2PA defines a carrier that the package does not read.
	NotSupported string
	// NoCarrier says "this container has no C2PA carrier: …" where none is defined.
	NoCarrier string
}

const (
	codeInaccessible = "manifest.inaccessible.malformed"
	codeMoved        = "asset.boxesMoved"
	codeUnread       = "asset.unreadBox"
	// CarrierBMFF is the [Located.Carrier] of BMFF files: a uuid box at the top level. C2PA 2.5, A.5.
	CarrierBMFF = "bmff-uuid"
	// maxAssetFindings bounds what is reported of a broken container: more would say nothing new.
	maxAssetFindings = 16
)

// Locate tells the container by its content and finds the manifest store in it. An error means I/O, cancellation or a
// limit (*[LimitError]); what is wrong with the file is in the findings. C2PA 2.5, 14.5 and A.1.
func Locate(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (*Located, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lim = lim.withDefaults()
	head := make([]byte, min(max(size, 0), sniffSize))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("manifest: read the first bytes: %w", err)
	}
	s := sniff(head, r, size)
	l := &Located{Container: s.container, NotSupported: s.notSupported, NoCarrier: s.noCarrier}
	switch {
	case s.walk != "":
		if err := l.divide(r, size, s.walk, lim); err != nil {
			return nil, err
		}
		return l, nil
	case s.noCarrier != "":
		if err := l.uncarried(r, size); err != nil {
			return nil, err
		}
		return l, nil
	case !s.bmff:
		return l, nil
	}
	f, err := bmff.Walk(r, size, bmff.Limits{Boxes: lim.Boxes, Depth: lim.Depth})
	if err != nil {
		return nil, boxLimit(err)
	}
	l.File = f
	if len(f.Boxes) > 0 && f.Brand != 0 {
		l.Container = brandName(f.Brand.String())
	}
	_, tables, err := f.Tracks()
	if err != nil {
		return nil, err
	}
	l.problems(tables)
	if err := l.boxes(lim); err != nil {
		return nil, err
	}
	if l.Remote, err = remoteBMFF(f); err != nil {
		return nil, err
	}
	return l, nil
}

// boxLimit turns a limit of the box walker into one of this package.
func boxLimit(err error) error {
	var limit *bmff.LimitError
	if errors.As(err, &limit) {
		return &LimitError{What: limit.What, Limit: limit.Limit, Where: fmt.Sprintf("offset %d", limit.Offset)}
	}
	return err
}

func (l *Located) add(f report.Finding) {
	if len(l.Findings) < maxAssetFindings {
		l.Findings = append(l.Findings, f)
	}
}

// problems turns what is wrong with the container and its tables into findings. Oddities in user data and metadata are not reported:
// writers fill these freely, and nothing that is judged rests on them.
func (l *Located) problems(tables []bmff.Problem) {
	for _, p := range append(l.File.Problems[:len(l.File.Problems):len(l.File.Problems)], tables...) {
		code := "asset.malformed"
		switch {
		case p.Kind == bmff.Truncated:
			code = "asset.truncated"
		case p.Kind == bmff.Trailing && p.Path == "":
			code = "asset.trailingBytes"
		case p.Soft():
			continue
		}
		where := p.Path
		if where == "" {
			where = "/" // between the boxes of the file itself
		}
		l.add(report.New(code, "", p.Text).At(where, p.Offset))
	}
}

// storeBox is a box that carries a store.
type storeBox struct {
	box     *bmff.Box
	index   int // among the top-level boxes
	purpose string
	payload int64 // offset of the store
	aux     int64 // first_merkle_aux_offset
}

// boxes finds the C2PA boxes at the top level, wherever they stand. Exactly one "manifest", or one "original" with one
// "update", makes a store; more is "no manifest located". C2PA 2.5, 14.5.2.1 and A.5.2.
func (l *Located) boxes(lim Limits) error {
	var stores []storeBox
	var broken report.Finding
	merkle := int64(0)
	buf := make([]byte, 0, storeBoxHead) // a file of many fragments has as many boxes with proofs
	for i, b := range l.File.Boxes {
		if !isC2PA(b) {
			continue
		}
		s, why, err := l.storeBox(b, i, buf)
		switch {
		case err != nil:
			return err
		case why != "":
			if broken.Code == "" {
				broken = report.New(codeInaccessible, "", why).At(b.Path(), b.Offset)
			}
		case s.purpose == "merkle":
			if merkle == 0 {
				merkle = b.Offset
			}
		default:
			stores = append(stores, s)
		}
	}
	switch {
	case len(stores) == 0 && broken.Code == "":
		return nil
	case len(stores) == 0:
		l.Carrier, l.Malformed = CarrierBMFF, true
		l.add(broken)
		return nil
	case len(stores) == 2 && stores[0].purpose == "update" && stores[1].purpose == "original":
		stores[0], stores[1] = stores[1], stores[0]
	}
	l.Carrier = CarrierBMFF
	if broken.Code != "" {
		l.add(report.New(codeUnread, "", broken.Explanation).At(broken.Where, *broken.Offset))
	}
	pair := len(stores) == 2 && stores[0].purpose == "original" && stores[1].purpose == "update"
	if len(stores) > 1 && !pair {
		l.Multiple = true
		l.add(report.Newf("asset.multipleStores", "", "%d boxes carry a manifest store; the first two are at offsets %d and %d", len(stores), stores[0].box.Offset, stores[1].box.Offset).At(stores[1].box.Path(), stores[1].box.Offset))
		return nil
	}
	if !pair && stores[0].purpose != "manifest" {
		other := map[string]string{"original": "update", "update": "original"}[stores[0].purpose]
		l.malformed(stores[0].box, fmt.Sprintf("a box with the purpose %q and none with %q: part of the store is gone", stores[0].purpose, other))
		return nil
	}
	for _, s := range stores {
		if l.cut(s.box) {
			l.malformed(s.box, "the box that carries the store ends behind the end of the file")
			return nil
		}
	}
	var err error
	if l.Store, err = l.store(stores[0], lim); err != nil || l.Store == nil {
		return err
	}
	l.StoreRange = Range{stores[0].box.Offset, stores[0].box.Size}
	if pair {
		if l.Update, err = l.store(stores[1], lim); err != nil {
			return err
		}
		if l.Update == nil {
			l.Store = nil
			return nil
		}
	}
	l.placement(stores, merkle)
	return nil
}

// cut reports whether the file ends before a top-level box does. What such a box holds is not what was written: its
// length is a lie, or the rest of it is gone.
func (l *Located) cut(b *bmff.Box) bool {
	for _, p := range l.File.Problems {
		if p.Kind == bmff.Truncated && p.Offset == b.Offset {
			return true
		}
	}
	return false
}

// malformed notes a store that is there and cannot be read.
func (l *Located) malformed(b *bmff.Box, why string) {
	l.Malformed = true
	l.add(report.New(codeInaccessible, "", why).At(b.Path(), b.Offset))
}

// storeBoxHead is what is read of a C2PA box: user type, version and flags, the purpose, and what tells where its store
// starts. C2PA 2.5, A.5.1.2.
const storeBoxHead = 16 + 4 + 64 + 16

// storeBox reads the header of a C2PA box; why says in plain words what keeps it from being one.
//
//	uuid box { uint8 usertype[16]; uint8 version = 0; uint24 flags = 0; utf8string box_purpose;
//	           if (purpose is "manifest" or "original") uint64 first_merkle_aux_offset; bytes data }
//
// C2PA 2.5, A.5.1.2.
func (l *Located) storeBox(b *bmff.Box, index int, buf []byte) (s storeBox, why string, err error) {
	raw, err := l.File.AppendRead(buf[:0], b.Payload(), int(min(b.End()-b.Payload(), storeBoxHead)))
	if err != nil {
		return s, "", err
	}
	purpose, rest, ok := purposeOf(raw)
	if !ok {
		return s, "the C2PA box has another version or its purpose does not end", nil
	}
	s = storeBox{box: b, index: index, purpose: purpose, payload: b.Payload() + int64(len(raw)-len(rest))}
	switch purpose {
	case "merkle":
	case "update":
		// The offset is not for update boxes, yet the reference implementation writes one. C2PA 2.5, A.5.1.2.
		if len(rest) >= 16 && string(rest[4:8]) != "jumb" && string(rest[12:16]) == "jumb" {
			s.payload += 8
		}
	case "manifest", "original":
		if len(rest) < 8 {
			return s, "the C2PA box ends before its store", nil
		}
		aux := binary.BigEndian.Uint64(rest)
		s.aux, s.payload = int64(min(aux, 1<<62)), s.payload+8
	default:
		return s, fmt.Sprintf("the C2PA box has the unknown purpose %q", purpose), nil
	}
	return s, "", nil
}

// store reads the store of a box without its padding; nil and a finding where it cannot be one. The length is that of
// the JUMBF box, held against what the box has before memory is set aside. C2PA 2.5, A.5.1.2; ISO/IEC 19566-5, B.2.
func (l *Located) store(s storeBox, lim Limits) ([]byte, error) {
	left := s.box.End() - s.payload
	head, err := l.File.Read(s.payload, int(min(left, 16)))
	if err != nil {
		return nil, err
	}
	if len(head) < 8 || string(head[4:8]) != "jumb" {
		l.malformed(s.box, "there is no JUMBF superbox in the C2PA box")
		return nil, nil
	}
	size := int64(binary.BigEndian.Uint32(head))
	switch {
	case size == 0:
		size = left
	case size == 1 && len(head) == 16:
		size = int64(min(binary.BigEndian.Uint64(head[8:]), 1<<62))
	}
	if size < 8 || size > left {
		l.malformed(s.box, fmt.Sprintf("the store says that it has %d bytes; the box has %d", size, left))
		return nil, nil
	}
	if size > lim.Store {
		return nil, &LimitError{What: "bytes in the manifest store", Limit: lim.Store, Where: s.box.Path()}
	}
	return l.File.Read(s.payload, int(size))
}

// placement notes boxes that stand where the specification does not put them. It is no failure: nothing of what is
// bound depends on it. C2PA 2.5, A.5.2.
func (l *Located) placement(stores []storeBox, merkle int64) {
	at := stores[0].index
	all := l.File.Boxes
	ftyp, media, moov := -1, len(all), -1
	for i, b := range all {
		switch b.Type {
		case bmff.Ftyp, bmff.Styp:
			if ftyp < 0 {
				ftyp = i
			}
		case bmff.Mdat:
			media = min(media, i)
		case bmff.Moov:
			if moov < 0 {
				moov = i
			}
		}
	}
	adjacent := moov >= 0 && (at == moov-1 || at == moov+1)
	if at < ftyp || at > media && !adjacent {
		l.add(report.New(codeMoved, "", "the manifest box stands neither before the media data nor beside moov").At(all[at].Path(), all[at].Offset))
	}
	if len(stores) == 2 && stores[1].index != len(all)-1 {
		b := stores[1].box
		l.add(report.New(codeMoved, "", "the update box is not the last box").At(b.Path(), b.Offset))
	}
	if stores[0].aux != 0 && stores[0].aux != merkle {
		l.add(report.Newf(codeMoved, "", "the first proof box is said to be at offset %d, it is at %d", stores[0].aux, merkle).At(all[at].Path(), all[at].Offset))
	}
}
