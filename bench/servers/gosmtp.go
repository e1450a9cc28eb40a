// go-smtp as a contestant, with the body read. Arguments: the port, and where TLS is wanted the files of a certificate
// and of its key.
package main

import (
	"crypto/tls"
	"io"
	"log"
	"os"

	"github.com/emersion/go-smtp"
)

type backend struct{}

func (backend) Login(_ *smtp.ConnectionState, _, _ string) (smtp.Session, error) {
	return nil, smtp.ErrAuthUnsupported
}

func (backend) AnonymousLogin(_ *smtp.ConnectionState) (smtp.Session, error) {
	return session{}, nil
}

type session struct{}

func (session) Reset()                                  {}
func (session) Logout() error                           { return nil }
func (session) Mail(_ string, _ smtp.MailOptions) error { return nil }
func (session) Rcpt(_ string) error                     { return nil }
func (session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func main() {
	server := smtp.NewServer(backend{})
	server.Addr = "127.0.0.1:" + os.Args[1]
	server.Domain = "mx.test"
	server.MaxMessageBytes = 25 << 20
	server.AuthDisabled = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	if len(os.Args) > 3 {
		certificate, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	log.Fatal(server.ListenAndServe())
}
