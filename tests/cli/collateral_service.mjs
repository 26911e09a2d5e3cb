// A collateral service for tests: what is in a folder of the forge, in the form of Intel's service or of a PCCS. Prints
// its URL. The folder is read again for each request; a file "status" in it is the status of every answer.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [folder, kind, version] = process.argv.slice(2);

function answer(path) {
    const c = JSON.parse(readFileSync(`${folder}/collateral.json`, 'utf8'));
    const old = version === '3';
    const list = (hex) => (kind === 'pccs' ? hex : Buffer.from(hex, 'hex'));
    const root = kind === 'pccs' ? `/sgx/certification/v${version}/rootcacrl` : '/root.der';
    if (path === root) {
        return [list(c.root_ca_crl)];
    }
    const call = path.match(`^/(?:sgx|tdx)/certification/v${version}/(tcb|qe/identity|pckcrl)$`)?.[1];
    switch (call) {
        case 'tcb':
            return [`{"tcbInfo":${c.tcb_info},"signature":"${c.tcb_info_signature}"}`,
                old ? 'SGX-TCB-Info-Issuer-Chain' : 'TCB-Info-Issuer-Chain', c.tcb_info_issuer_chain];
        case 'qe/identity':
            return [`{"enclaveIdentity":${c.qe_identity},"signature":"${c.qe_identity_signature}"}`,
                'SGX-Enclave-Identity-Issuer-Chain', c.qe_identity_issuer_chain];
        case 'pckcrl':
            return [list(c.pck_crl), 'SGX-PCK-CRL-Issuer-Chain', c.pck_crl_issuer_chain];
        default:
            return null;
    }
}

const server = createServer((request, response) => {
    const parts = answer(request.url.split('?')[0]);
    response.statusCode = existsSync(`${folder}/status`) ? Number(readFileSync(`${folder}/status`, 'utf8'))
        : parts === null ? 404 : 200;
    if (parts?.[1]) {
        response.setHeader(parts[1], encodeURIComponent(parts[2]));
    }
    response.end(parts === null ? 'no such path' : parts[0]);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
