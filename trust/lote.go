package trust

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Limits of what is read of a list that somebody publishes.
const (
	// MaxList bounds the bytes of an official list: those of 2026 have 50 to 70 kB, the list of products 220.
	MaxList = 8 << 20
	// maxEntries bounds its certificates, or its products: there are some thirty of the ones and 174 of the others.
	maxEntries = 4096
)

// LoTE is an official list as its publisher offers it: a part of a list, and the certificates of its anchors.
type LoTE struct {
	Name         string // as the scheme calls itself: "C2PA Trust List"
	Part         Part
	Certificates [][]byte // DER, in the order of Part.Anchors
}

// loteFile is what is read of a list of trusted entities. ETSI TS 119 602.
type loteFile struct {
	LoTE struct {
		ListAndSchemeInformation struct {
			LoTESequenceNumber int
			SchemeName         []struct{ Value string }
			ListIssueDateTime  time.Time
			NextUpdate         time.Time
		}
		TrustedEntitiesList []struct {
			TrustedEntityServices []struct {
				ServiceInformation struct {
					ServiceDigitalIdentity struct {
						X509Certificates []struct {
							Val string `json:"val"`
						}
					}
					ServiceStatus      string
					StatusStartingTime time.Time
				}
			}
		}
	}
}

// The states that a service on the list may have. Certificate Policy v0.2.
const (
	statusTrusted   = "http://c2pa.org/conformance/trust-list/trusted"
	statusUntrusted = "http://c2pa.org/conformance/trust-list/untrusted"
)

// ParseLoTE reads a list of trusted entities: a trusted anchor serves from StatusStartingTime on, an untrusted one until
// then. C2PA 2.5, 13.4.
func ParseLoTE(data []byte) (*LoTE, error) {
	if len(data) > MaxList {
		return nil, fmt.Errorf("more than %d bytes", MaxList)
	}
	var f loteFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	info := f.LoTE.ListAndSchemeInformation
	out := &LoTE{Part: Part{Sequence: info.LoTESequenceNumber, Issued: &info.ListIssueDateTime, NextUpdate: &info.NextUpdate}}
	if len(info.SchemeName) > 0 {
		out.Name = info.SchemeName[0].Value
	}
	for _, e := range f.LoTE.TrustedEntitiesList {
		for _, s := range e.TrustedEntityServices {
			i := s.ServiceInformation
			for _, c := range i.ServiceDigitalIdentity.X509Certificates {
				if len(out.Certificates) == maxEntries {
					return nil, fmt.Errorf("more than %d certificates", maxEntries)
				}
				der, err := base64.StdEncoding.DecodeString(c.Val)
				if err != nil {
					return nil, err
				}
				cert, err := x509.ParseCertificate(der)
				if err != nil {
					return nil, err
				}
				start := i.StatusStartingTime
				a := Anchor{Subject: cert.Subject.String(), Size: len(der)}
				switch i.ServiceStatus {
				case statusTrusted:
					a.NotBefore = &start
				case statusUntrusted:
					a.NotAfter = &start
				default:
					return nil, fmt.Errorf("service status %q", i.ServiceStatus)
				}
				out.Part.Anchors, out.Certificates = append(out.Part.Anchors, a), append(out.Certificates, der)
			}
		}
	}
	if len(out.Certificates) == 0 {
		return nil, errors.New("no certificates")
	}
	return out, nil
}
