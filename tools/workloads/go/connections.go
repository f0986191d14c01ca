// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	perAddress = 20000 // as many ports as a client surely has towards one address
	spareFiles = 32
)

// Idle TCP connections, for each a goroutine that waits for what its peer says. The peers are bare sockets in the same
// process, so that what is measured is the server's side alone; the kernel's memory for them is not in it.
func connections(o *options, r *result) error {
	n, err := mostConnections(o.n)
	if err != nil {
		return err
	}
	var waiting, done sync.WaitGroup
	listeners, err := listen(int(n/perAddress)+1, &waiting, &done)
	if err != nil {
		return err
	}
	runtime.GC()
	before := readStatus()
	var peers []int
	s := r.span("all", func() int64 {
		for int64(len(peers)) < n && err == nil {
			waiting.Add(1)
			var fd int
			if fd, err = connect(listeners[len(peers)/perAddress]); err == nil {
				peers = append(peers, fd)
			} else {
				waiting.Done()
			}
		}
		waiting.Wait()
		return int64(len(peers))
	})
	time.Sleep(o.duration())
	after := readStatus()
	for _, l := range listeners {
		l.Close()
	}
	for _, fd := range peers {
		syscall.Close(fd)
	}
	done.Wait()
	if err != nil {
		fmt.Fprintf(os.Stderr, "go-bench: connections: no more than %d: %v\n", len(peers), err)
	}
	r.add("n", o.n)
	r.add("reached", s.N)
	r.add("elapsed_ns", s.ns())
	r.add("ns_per_connection", s.nsPerOp())
	r.add("bytes_per_task", s.perOp(after.resident-before.resident))
	r.add("resident_bytes", after.resident)
	return nil
}

// Takes all files that may be open: each connection has two
func mostConnections(wanted int64) (int64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("getrlimit: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("setrlimit: %w", err)
	}
	if spare := uint64(spareFiles + wanted/perAddress); limit.Cur < 2*uint64(wanted)+spare {
		fmt.Fprintf(os.Stderr, "go-bench: connections: %d files may be open (ulimit -n)\n", limit.Cur)
		if limit.Cur < spare+2 {
			return 0, errors.New("too few for any connection")
		}
		return int64(limit.Cur-spare) / 2, nil
	}
	return wanted, nil
}

// On 127.0.0.1 and the addresses after that
func listen(addresses int, waiting, done *sync.WaitGroup) (listeners []net.Listener, err error) {
	for i := 0; i < addresses; i++ {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%250))})
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		done.Add(1)
		go accept(l, waiting, done)
	}
	return listeners, nil
}

func accept(l net.Listener, waiting, done *sync.WaitGroup) {
	defer done.Done()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			fatal("connections: %v", err)
		}
		done.Add(1)
		go func() {
			var b [1]byte
			waiting.Done()
			c.Read(b[:])
			c.Close()
			done.Done()
		}()
	}
}

func connect(l net.Listener) (int, error) {
	to := l.Addr().(*net.TCPAddr)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	addr := &syscall.SockaddrInet4{Port: to.Port}
	copy(addr.Addr[:], to.IP.To4())
	if err := syscall.Connect(fd, addr); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("connecting to %v: %w", to, err)
	}
	return fd, nil
}
