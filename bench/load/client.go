// A load of messages for what smtp-source cannot do: STARTTLS and CHUNKING.
//
//	client -c 20 -m 1000 -l 1024 [-tls] [-bdat] [-each] 127.0.0.1:2525
//
// Exits with 3 when the server does not offer the extension, and with 1 at the first reply that is not the wanted one.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

var (
	connections = flag.Int("c", 20, "connections at the same time")
	messages    = flag.Int64("m", 1000, "messages in all")
	length      = flag.Int("l", 1024, "octets of each message")
	useTLS      = flag.Bool("tls", false, "STARTTLS first")
	useBdat     = flag.Bool("bdat", false, "BDAT in place of DATA, in one group with MAIL and RCPT")
	each        = flag.Bool("each", false, "a connection for each message")
)

type client struct {
	conn   net.Conn
	reader *bufio.Reader
}

func fail(code int, format string, arguments ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(code)
}

func (c *client) write(data []byte) {
	if _, err := c.conn.Write(data); err != nil {
		fail(1, "write: %v", err)
	}
}

// expect reads one reply, and returns all its lines.
func (c *client) expect(code string) string {
	var all strings.Builder
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			fail(1, "waiting for %s: %v", code, err)
		}
		all.WriteString(line)
		if !strings.HasPrefix(line, code) {
			fail(1, "wanted %s, got %s", code, line)
		}
		if len(line) > 3 && line[3] == ' ' {
			return all.String()
		}
	}
}

func (c *client) hello(wanted string) {
	c.write([]byte("EHLO client.test\r\n"))
	offered := c.expect("250")
	if wanted != "" && !strings.Contains(offered, wanted) {
		fail(3, "the server does not offer %s", wanted)
	}
}

func open(address string) *client {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fail(1, "%v", err)
	}
	c := &client{conn, bufio.NewReader(conn)}
	c.expect("220")
	wanted := ""
	if *useBdat {
		wanted = "CHUNKING"
	}
	if !*useTLS {
		c.hello(wanted)
		return c
	}
	c.hello("STARTTLS")
	c.write([]byte("STARTTLS\r\n"))
	c.expect("220")
	// The certificate is of the benchmark's own making.
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	if err := secure.Handshake(); err != nil {
		fail(1, "handshake: %v", err)
	}
	c = &client{secure, bufio.NewReader(secure)}
	c.hello(wanted)
	return c
}

const envelope = "MAIL FROM:<load@client.test>\r\nRCPT TO:<load@server.test>\r\n"

func (c *client) send(message []byte) {
	if *useBdat {
		c.write(message)
		c.expect("250")
		c.expect("250")
		c.expect("250")
		return
	}
	// As smtp-source does: a command, then its reply.
	c.write([]byte("MAIL FROM:<load@client.test>\r\n"))
	c.expect("250")
	c.write([]byte("RCPT TO:<load@server.test>\r\n"))
	c.expect("250")
	c.write([]byte("DATA\r\n"))
	c.expect("354")
	c.write(message)
	c.expect("250")
}

func build() []byte {
	var text bytes.Buffer
	text.WriteString("From: load@client.test\r\nTo: load@server.test\r\nSubject: load\r\n\r\n")
	for text.Len() < *length {
		text.WriteString(strings.Repeat("x", 78) + "\r\n")
	}
	if *useBdat {
		return append([]byte(fmt.Sprintf("%sBDAT %d LAST\r\n", envelope, text.Len())), text.Bytes()...)
	}
	return append(text.Bytes(), ".\r\n"...)
}

func main() {
	flag.Parse()
	message := build()
	left := *messages
	var group sync.WaitGroup
	for i := 0; i < *connections; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			var c *client
			for atomic.AddInt64(&left, -1) >= 0 {
				if c == nil {
					c = open(flag.Arg(0))
				}
				c.send(message)
				if *each {
					c.write([]byte("QUIT\r\n"))
					c.conn.Close()
					c = nil
				}
			}
			if c != nil {
				c.write([]byte("QUIT\r\n"))
				c.conn.Close()
			}
		}()
	}
	group.Wait()
}
