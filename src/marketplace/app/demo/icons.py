"""Line icons of the five kinds (and cash), drawn for this project on a 24 by 24 grid."""

ICONS: dict[str, str] = {
    "VOUCHER": (
        '<path d="M3 8.5A1.5 1.5 0 0 1 4.5 7h15A1.5 1.5 0 0 1 21 8.5V10a2 2 0 0 0 0 4v1.5a1.5 1.5 0 0 1'
        '-1.5 1.5h-15A1.5 1.5 0 0 1 3 15.5V14a2 2 0 0 0 0-4Z"/><path d="M9.5 14.5l5-5"/>'
        '<circle cx="9.8" cy="9.8" r=".7"/><circle cx="14.2" cy="14.2" r=".7"/>'
    ),
    "BRAND_CURRENCY": (
        '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.2l1.5 3.05 3.35.49-2.43 2.36.58 3.35'
        'L12 14.87l-3 1.58.58-3.35-2.43-2.36 3.35-.49Z"/>'
    ),
    "MERCHANDISE": (
        '<path d="M5 8h14l1 11.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19.5Z"/>'
        '<path d="M8.5 11V7a3.5 3.5 0 0 1 7 0v4"/>'
    ),
    "EXPERIENCE": (
        '<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 9.5h17M8 3v4M16 3v4"/>'
        '<path d="M12 17.5c-2-1.3-3-2.3-3-3.5a1.5 1.5 0 0 1 3-.4 1.5 1.5 0 0 1 3 .4c0 1.2-1 2.2-3 3.5Z"/>'
    ),
    "DONATION": (
        '<path d="M12 12.2C9.3 10.4 7.8 8.9 7.8 7.1a2.2 2.2 0 0 1 4.2-.9 2.2 2.2 0 0 1 4.2.9'
        'c0 1.8-1.5 3.3-4.2 5.1Z"/><path d="M3 15.5h3l3-1h3.5a1.5 1.5 0 0 1 0 3H10"/>'
        '<path d="M13.8 16.5l4.9-2a1.6 1.6 0 0 1 1.3 2.9L13 21l-7-1.5H3"/>'
    ),
    "CASH": (
        '<rect x="2.5" y="6" width="19" height="12" rx="2"/><circle cx="12" cy="12" r="2.8"/>'
        '<path d="M6 9.5v5M18 9.5v5"/>'
    ),
}
