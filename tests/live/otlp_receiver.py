#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Plays an OpenTelemetry collector on a free port, which it prints.

otlp_receiver.py FOLDER

Each request goes to FOLDER/N, from 1 on, and its path and headers to FOLDER/N.head. FOLDER/answer, if it is there, says
what is answered: "200", "503", "hang" (never), "partial N" (200, and N points are refused).
"""
import http.server
import itertools
import os
import sys
import threading

folder = sys.argv[1]
numbers = itertools.count(1)
lock = threading.Lock()


def partial(refused):
    text = b'not these'
    inner = bytes([1 << 3, refused, 2 << 3 | 2, len(text)]) + text
    return bytes([1 << 3 | 2, len(inner)]) + inner


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with lock:
            n = next(numbers)
        with open(f'{folder}/{n}.head', 'w') as f:
            f.write(f'{self.path}\n{self.headers}')
        with open(f'{folder}/.{n}', 'wb') as f:
            f.write(body)
        os.rename(f'{folder}/.{n}', f'{folder}/{n}')
        try:
            answer = open(f'{folder}/answer').read().split()
        except FileNotFoundError:
            answer = ['200']
        if answer[0] == 'hang':
            threading.Event().wait(60)
        reply = partial(int(answer[1])) if answer[0] == 'partial' else b''
        self.send_response(200 if reply else int(answer[0]))
        self.send_header('Content-Type', 'application/x-protobuf')
        self.send_header('Content-Length', str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
