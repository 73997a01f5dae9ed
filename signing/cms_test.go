package signing_test

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // ESSCertID of RFC 2634
	"crypto/sha256"
	"encoding/asn1"
	"slices"

	"github.com/consentry/consentry/internal/forge"
)

// cms is a time-stamp token of which every part can be wrong. The zero value is good, of the minted authority.
type cms struct {
	TSA       *minted
	Chain     []*minted // further certificates
	Content   asn1.ObjectIdentifier
	Inner     asn1.ObjectIdentifier // content type attribute
	Version   int                   // of the TSTInfo; 0: 1
	Hash      []byte                // imprint's AlgorithmIdentifier
	Imprint   []byte
	NoImprint bool
	Gen       []byte // genTime element
	Extra     [][]byte
	Digest    []byte // digestAlgorithm
	Alg       []byte // signatureAlgorithm
	Without   []string
	Twice     string // an attribute that is there twice
	V1        bool   // ESSCertID of RFC 2634
	CertHash  []byte
	CertAlg   []byte // of CertHash; nil: left out, SHA-256
	SKI       bool   // the signer is named by its key identifier
	Unsorted  bool   // the attributes stand in another order in the file than in what was signed
	Signers   int
	Certs     [][]byte // in place of the certificates
	Info      []byte   // in place of the TSTInfo
	MD        []byte   // in place of the message digest
	Attrs     [][]byte // further signed attributes
	Sig       func([]byte) []byte
}

func tsaRoot() *minted {
	return mint{Name: "Mint Time Root", Key: forge.Key("P-256", "mint time root"), CA: true, To: forge.Clock.AddDate(10, 0, 0)}.make()
}

func tsaLeaf(edit func(*mint)) *minted {
	m := mint{Name: "Mint Time", Key: forge.Key("P-256", "mint time"), By: tsaRoot(), EKUs: []asn1.ObjectIdentifier{forge.TimeStamping}, EKUCrit: true}
	if edit != nil {
		edit(&m)
	}
	return m.make()
}

// info is the TSTInfo.
func (c cms) info(data []byte) []byte {
	def := func(v *[]byte, d []byte) {
		if *v == nil {
			*v = d
		}
	}
	sum := sha256.Sum256(data)
	def(&c.Imprint, sum[:])
	def(&c.Hash, hashSHA256)
	def(&c.Gen, must(asn1.MarshalWithParams(forge.Clock, "generalized")))
	info := [][]byte{der(max(1, c.Version)), der(oid(1, 2, 3, 4))}
	if !c.NoImprint {
		info = append(info, seq(c.Hash, der(c.Imprint)))
	}
	info = append(info, der(77), c.Gen)
	return seq(append(info, c.Extra...)...)
}

// over is the token over a message. It is long because each part of a token can be another one.
func (c cms) over(data []byte) []byte {
	if c.TSA == nil {
		c.TSA = tsaLeaf(nil)
	}
	tst := oid(1, 2, 840, 113549, 1, 9, 16, 1, 4)
	if c.Content == nil {
		c.Content = tst
	}
	if c.Inner == nil {
		c.Inner = tst
	}
	if c.Digest == nil {
		c.Digest = hashSHA256
	}
	if c.Alg == nil {
		c.Alg = algOf(c.TSA.Key)
	}
	content := c.Info
	if content == nil {
		content = c.info(data)
	}
	md := sha256.Sum256(content)
	if c.MD != nil {
		copy(md[:], c.MD)
	}
	if certHash := sha256.Sum256(c.TSA.DER); c.CertHash == nil {
		c.CertHash = certHash[:]
	}
	attr := func(value []byte, id ...int) []byte { return seq(der(oid(id...)), tlv(0x31, value)) }
	var attrs [][]byte
	add := func(name string, a []byte) {
		if !slices.Contains(c.Without, name) {
			attrs = append(attrs, a)
		}
		if c.Twice == name {
			attrs = append(attrs, a)
		}
	}
	add("type", attr(der(c.Inner), 1, 2, 840, 113549, 1, 9, 3))
	add("digest", attr(der(md[:]), 1, 2, 840, 113549, 1, 9, 4))
	if c.V1 {
		h := sha1.Sum(c.TSA.DER) //nolint:gosec // as above
		add("cert", attr(seq(seq(seq(der(h[:])))), 1, 2, 840, 113549, 1, 9, 16, 2, 12))
	} else {
		add("cert", attr(seq(seq(seq(c.CertAlg, der(c.CertHash)))), 1, 2, 840, 113549, 1, 9, 16, 2, 47))
	}
	attrs = append(attrs, c.Attrs...)
	slices.SortFunc(attrs, bytes.Compare)
	sig := signWith(c.TSA.Key, c.Alg, tlv(0x31, attrs...))
	if c.Sig != nil {
		sig = c.Sig(sig)
	}
	if c.Unsorted {
		slices.Reverse(attrs)
	}
	sid := seq(tsaRootName(c), der(1))
	if c.SKI {
		sid = tlv(0x80, skiOf(c.TSA))
	}
	signerParts := [][]byte{der(1), sid, c.Digest, tlv(0xa0, attrs...), c.Alg, der(sig)}
	if slices.Contains(c.Without, "attributes") {
		signerParts = slices.Delete(signerParts, 3, 4)
	}
	signer := seq(signerParts...)
	signers := slices.Repeat([][]byte{signer}, max(1, c.Signers))
	if c.Signers < 0 {
		signers = nil
	}
	certs := c.Certs
	if certs == nil {
		certs = [][]byte{c.TSA.DER}
		for _, x := range c.Chain {
			certs = append(certs, x.DER)
		}
	}
	parts := [][]byte{der(3), tlv(0x31, c.Digest), seq(der(c.Content), tlv(0xa0, der(content)))}
	if len(certs) > 0 {
		parts = append(parts, tlv(0xa0, certs...))
	}
	return seq(der(oid(1, 2, 840, 113549, 1, 7, 2)), tlv(0xa0, seq(append(parts, tlv(0x31, signers...))...)))
}

// tsaRootName is the issuer of the authority's certificate.
func tsaRootName(c cms) []byte {
	if c.TSA.By != nil {
		return c.TSA.By
	}
	return nameOf("Mint Time Root")
}

func skiOf(m *minted) []byte {
	i := bytes.Index(m.DER, []byte{0x55, 0x1d, 0x0e, 4, 22, 4, 20})
	return m.DER[i+7 : i+27]
}
